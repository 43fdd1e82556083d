"""A checkout, and an account that is AWS to the real `ekswiz` command: a world that is up, behind `--endpoint-url`.

In a town a document's `ekswiz plan` is the live command, not that of a rehearsal. Nothing of this machine's own is in
its PATH, its home or its environment.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ekswiz.main import ekswiz
from rehearsal.commands import EKSWIZ, PATIENCE, Said

ROOT = Path(__file__).parents[2]
ACCOUNT = "123456789012"
ANSWERS = f"""\
account = "{ACCOUNT}"
region = "eu-west-1"
cluster = "platform"
owner_id = "1"
repo_id = "2"
branch = "main"
workload = "app"
"""
TOOLS = ("bash", "sh", "env", "cat", "cp", "mkdir", "ls", "rm", "sed", "grep", "head", "tr", "mktemp", "dirname")
"""What every machine has and blocks may use; git, docker, gh and node are not among them."""
WRAPPER = """\
#!{python} -I
import os, sys
words, url = sys.argv[1:], os.environ.get("TOWN_URL", "")
place = next((at + 1 for at, word in enumerate(words) if word in {commands!r}), 0)
live = url and place and words[place - 1] in {live!r} and "--sim" not in words
extra = ["--endpoint-url", url] if live else []
os.execv({ekswiz!r}, [{ekswiz!r}, *words[:place], *extra, *words[place:]])
"""
"""An `ekswiz` for which the world is AWS: it names the endpoint to every command that takes one."""


def _takes_endpoint(name: str) -> bool:
    return any("--endpoint-url" in parameter.opts for parameter in ekswiz.every()[name].params)


@dataclass
class Town:
    """Folders of their own, the world that is up, and commands run there."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def checkout(self) -> Path:
        return self.root / "shop"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": str(self.root / "bin"),
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
            "EKSWIZ_STATE_DIR": str(self.root / "state"),
            "DOCKER_HOST": "unix:///nonexistent",
            "HTTPS_PROXY": "http://127.0.0.1:9",  # nobody is there: what is outside of this machine cannot be asked
            "NO_PROXY": "127.0.0.1,localhost",
            **self.variables,
        }

    def build(self) -> Town:
        """The folders, the tools and the checkout of acme/shop."""
        for folder in ("bin", "home", "tmp", "state"):
            (self.root / folder).mkdir(parents=True)
        self._tools()
        self.clean()
        return self

    def clean(self) -> None:
        """The checkout as it is at first."""
        shutil.rmtree(self.checkout, ignore_errors=True)
        git = self.checkout / ".git"
        git.mkdir(parents=True)
        (git / "HEAD").write_text("ref: refs/heads/main\n")
        (git / "config").write_text('[remote "origin"]\n\turl = https://github.com/acme/shop.git\n')
        for name in ("app", "manifests"):
            shutil.copytree(ROOT / name, self.checkout / name)
        (self.checkout / "ekswiz.toml").write_text(ANSWERS)

    def _tools(self) -> None:
        folder = self.root / "bin"
        for name in TOOLS:
            found = shutil.which(name)
            assert found, f"this machine has no {name}"
            (folder / name).symlink_to(found)
        wrapper = folder / "ekswiz"
        commands = sorted(ekswiz.every())
        live = [name for name in commands if _takes_endpoint(name)]
        wrapper.write_text(WRAPPER.format(python=sys.executable, ekswiz=str(EKSWIZ), commands=commands, live=live))
        wrapper.chmod(0o755)

    def up(self) -> Said:
        """Start the world, and let live commands go there as its operator."""
        said = self.run("sim", "up", "--json")
        assert said.code == 0, said.text
        env = shlex.split(self.run("sim", "env").out.replace("export ", ""))
        known = dict(line.split("=", 1) for line in env)
        self.variables |= {"TOWN_URL": known.pop("AWS_ENDPOINT_URL"), **known}
        return said

    def down(self) -> Said:
        return self.run("sim", "down")

    def run(self, *words: str, stdin: str = "", **environment: str) -> Said:
        """`ekswiz` with these words, in the checkout."""
        return self.shell(shlex.join(["ekswiz", *words]), stdin=stdin, **environment)

    def shell(self, line: str, *, stdin: str | int = "", **environment: str) -> Said:
        """A line, or a whole block, for bash; it ends where a command fails."""
        done = subprocess.run(
            [str(self.root / "bin" / "bash"), "-e", "-o", "pipefail", "-c", line],
            cwd=self.checkout,
            env={**self.environment, **environment},
            **({"stdin": stdin} if isinstance(stdin, int) else {"input": stdin}),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def root_keys(self) -> Mapping[str, str]:
        """The account's root user, for what an operator may not."""
        lines = shlex.split(self.run("sim", "env", "--root").out.replace("export ", ""))
        return dict(line.split("=", 1) for line in lines)

    def facts(self) -> Mapping[str, str]:
        found: Mapping[str, str] = json.loads(self.run("sim", "status", "--json").out)
        return found
