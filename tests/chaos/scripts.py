"""Sweep: hostile names in the generated files, past every rule of the answers.

The rules refuse most of these names. Here they are left out, so that the second wall is tried alone: a value that could
leave its place in a file is refused there, any other comes out of the YAML exactly, and no script that reads it from
its environment executes or evaluates it: the canary file is never there.
"""

from __future__ import annotations

import dataclasses
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chaos.figures import Figures
from chaos.hostile import PIECES
from ekswiz.answers import Answers
from ekswiz.deliver import files
from ekswiz.deliver.text import render
from ekswiz.errors import InputError
from ekswiz.workflow.expressions import Status, condition
from ekswiz.workflow.patterns import matches

FULL = 20_000
CANARY = "canary"
CALLS = (
    "$(touch {0})", "`touch {0}`", "; touch {0} #", '"; touch {0}; "', "'; touch {0}; '", "&& touch {0}", "| touch {0}",
    "$(<{0})", "${{x:=$(touch {0})}}", "a[$(touch {0})]", "> {0}", "%s%n", "-o {0}", "--help", "*", "~", "{{a,b}}",
    "$((1+a[$(touch {0})]))", "\\$(touch {0})", "<(touch {0})", "!touch", "'$(touch {0})'",
)  # fmt: skip
"""What a shell would run or write, were a name ever more than text to it."""
PLACES: Mapping[str, Callable[[Any], Any]] = {
    "ecr_repository": lambda made: made["jobs"]["build"]["env"]["ECR_REPOSITORY"],
    "context": lambda made: made["jobs"]["build"]["env"]["BUILD_CONTEXT"],
    "dockerfile": lambda made: made["jobs"]["build"]["env"]["DOCKERFILE"],
    "cluster": lambda made: made["jobs"]["deploy"]["env"]["CLUSTER"],
    "namespace": lambda made: made["jobs"]["deploy"]["env"]["NAMESPACE"],
    "workload": lambda made: made["jobs"]["deploy"]["env"]["WORKLOAD"],
    "manifests": lambda made: made["jobs"]["deploy"]["env"]["MANIFESTS"],
    "environment": lambda made: made["jobs"]["deploy"]["environment"],
    "region": lambda made: _with(made, "build")["aws-region"],
    "account": lambda made: _with(made, "build")["allowed-account-ids"],
}
"""Answers, and where the workflow holds each as a value of its own."""
FIELDS = (*PLACES, "branch", "stack")
FAKES = """
aws() { printf '%s' "sha256:"; printf 'c%.0s' {1..64}; }
docker() { :; }
kubectl() {
  case "$*" in *go-template*) printf 'app=web,';; *"get pods"*) echo pod/web-1;; *) printf '%s' "image: $IMAGE";; esac
}
touch() { command touch "$@"; }
export -f aws docker kubectl touch
"""
"""The tools, as functions: they say something like the real ones, and run nothing."""
RUNNER = """
while IFS= read -r -d '' folder; do
  ( set +u; cd "$folder" && . ./environment && set -eo pipefail && . ./script ) > /dev/null 2>&1
done
exit 0
"""


def _with(made: Any, job: str) -> Any:
    return next(step["with"] for step in made["jobs"][job]["steps"] if "credentials@" in step.get("uses", ""))


def values(good: str, chance: random.Random) -> Iterator[str]:
    """Hostile names without end: calls of a shell and hostile pieces, alone, and inside a good name."""
    while True:
        piece = chance.choice(CALLS).format(CANARY) if chance.random() < 0.5 else chance.choice(PIECES)
        at = chance.randrange(len(good) + 1)
        yield chance.choice((piece, f"{good[:at]}{piece}{good[at:]}", f"{piece}{chr(chance.randrange(0x3000))}{good}"))


def sweep(answers: Answers, size: int | None, seed: int, shard: tuple[int, int] = (0, 1), name: str = "") -> Figures:
    """So many values for each name: one of each in every file, since a file holds them all."""
    figures = Figures(f"hostile names in files and scripts{name}", "refused or exact; nothing executed", seed)
    number = (size or FULL) // shard[1]
    streams = {
        field: values(str(getattr(answers, field)), random.Random(f"{seed} {shard[0]} {field}")) for field in FIELDS
    }
    with tempfile.TemporaryDirectory() as temporary:
        script = _Scripts(Path(temporary), answers)
        for _ in range(number):
            chosen = {field: next(stream) for field, stream in streams.items()}
            with figures.case(repr(chosen)):
                figures.cases += len(FIELDS) - 1
                _one(answers, chosen, figures, script)
        with figures.case("the canary"):
            script.run()
    return figures


def _one(answers: Answers, chosen: Mapping[str, str], figures: Figures, scripts: _Scripts) -> None:
    """Refuse what is refused one by one; write all others into one set of files, read them back, keep them to run."""
    fitting = {field: value for field, value in chosen.items() if not _refused(field, value)}
    figures.add("refused", len(chosen) - len(fitting))
    figures.add("exact", len(fitting))
    made = _parsed(dataclasses.replace(answers, **fitting))
    for field, read in PLACES.items():
        if field in fitting:
            assert read(made) == fitting[field], f"{field}: {fitting[field]!r} became {read(made)!r}"
    if "branch" in fitting:
        _branch(made, fitting["branch"])
    scripts.keep(chosen)


def _refused(field: str, value: str) -> bool:
    """Whether the writer of the files refuses the value, by name. No environment at all is a choice of its own."""
    try:
        render("needs-test.yml", {field: value})
    except InputError as error:
        assert error.field == field, "refused without a name"
        return True
    return field == "environment" and not value


def _parsed(answers: Answers) -> Any:
    import yaml

    return yaml.load(files(answers)[0].text, yaml.CSafeLoader)  # the quick reader; single quotes are the same in 1.1


def _branch(made: Any, branch: str) -> None:
    """The filter and the guard let exactly this branch through."""
    trigger = made[True] if True in made else made["on"]  # YAML 1.1 reads `on` so
    (pattern,) = trigger["push"]["branches"]
    if "\\" not in branch and branch:
        assert matches([pattern], branch), f"{pattern!r} does not match {branch!r}"
        assert not matches([pattern], f"{branch}x")
    guard, status = made["jobs"]["build"]["if"], Status()
    assert condition(guard, {"github": {"ref": f"refs/heads/{branch}"}}, status)
    assert not condition(guard, {"github": {"ref": f"refs/heads/{branch}x"}}, status)


class _Scripts:
    """Scripts of the generated workflow with hostile environments, run by one shell at the end."""

    def __init__(self, root: Path, answers: Answers) -> None:
        self._root = root
        self._scripts = [
            (step["run"], {**_strings(job), **_strings(step)})
            for job in _parsed(answers)["jobs"].values()
            for step in job["steps"]
            if "run" in step
        ]
        self._folders: list[Path] = []

    def keep(self, names: Mapping[str, str]) -> None:
        """One script more: the next one in turn, each of its variables hostile."""
        script, env = self._scripts[len(self._folders) % len(self._scripts)]
        folder = self._root / str(len(self._folders))
        folder.mkdir()
        hostile = list(names.values())
        given = {name: hostile[at % len(hostile)] for at, name in enumerate([*env, "GITHUB_SHA", "IMAGE", "REGISTRY"])}
        lines = [f"export {name}={_literal(value)}" for name, value in given.items()]
        lines += [f"export {name}={folder}/{name}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")]
        (folder / "environment").write_bytes(
            "\n".join([*lines, f"export RUNNER_TEMP={folder}"]).encode(errors="replace")
        )
        (folder / "script").write_text(script)
        self._folders.append(folder)

    def run(self) -> None:
        """Run them all; nothing may have touched, read or written the canary anywhere."""
        assert self._ran([self._proof()]) != [], "a name that is executed would not be seen"
        shutil.rmtree(self._root / "proof")
        assert self._ran(self._folders) == []

    def _ran(self, folders: list[Path]) -> list[Path]:
        """Run the scripts in these folders; every canary that is there afterwards."""
        bash = shutil.which("bash")
        assert bash is not None, "the sweep needs bash"
        known = {"PATH": os.defpath, "HOME": str(self._root), "LC_ALL": "C.UTF-8"}
        given = b"".join(os.fsencode(folder) + b"\0" for folder in folders)
        subprocess.run([bash, "-c", FAKES + RUNNER], input=given, env=known, check=True, timeout=3600)
        return list(self._root.rglob(CANARY))

    def _proof(self) -> Path:
        """A script with the mistake that all this is about."""
        folder = self._root / "proof"
        folder.mkdir()
        (folder / "environment").write_text(f"export CLUSTER={_literal(CALLS[0].format(CANARY))}\n")
        (folder / "script").write_text('eval "echo $CLUSTER"\n')
        return folder


def _strings(node: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in (node.get("env") or {}).items()}


def _literal(value: str) -> str:
    return "'" + value.replace("\0", "").replace("'", "'\\''") + "'"
