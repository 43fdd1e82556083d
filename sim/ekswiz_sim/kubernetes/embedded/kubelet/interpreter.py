"""The Python that pods run with: the host's, in a virtual environment of the node's own.

The environment adds the host's packages and the loopback rule. Being part of the interpreter it also holds under
`python -I`, `env -i` and in every child, where PYTHONPATH would not.
"""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import site
import sys
from dataclasses import dataclass
from pathlib import Path

MODULES = ("uvicorn", "gunicorn", "hypercorn", "flask", "fastapi", "pip")
"""Commands of Python packages that images start with and that are run as `python -m`."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """`python` is its executable; `commands` the folder with `python`, `uvicorn` and the like, for PATH."""

    python: Path
    commands: Path

    def runs(self, module: str) -> bool:
        """True if the module is a command that this interpreter has."""
        return module in MODULES and importlib.util.find_spec(module) is not None


def planned(folder: Path) -> Interpreter:
    """The interpreter that `build` makes there."""
    return Interpreter(folder / "bin" / "python3", folder / "bin")


def build(folder: Path) -> Interpreter:
    """Make the environment; a few small files, no copy of Python."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.executable).resolve()
    commands, packages = folder / "bin", folder / "lib" / version / "site-packages"
    commands.mkdir(parents=True)
    packages.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n", "utf-8")
    shutil.copyfile(Path(__file__).with_name("loopback.py"), packages / "_pod_loopback.py")
    lines = ["import _pod_loopback", *(f"import site; site.addsitedir({one!r})" for one in _host_packages())]
    (packages / "pod.pth").write_text("\n".join(lines) + "\n", "utf-8")
    for name in ("python3", "python", version):
        (commands / name).symlink_to(base)
    made = planned(folder)
    for module in MODULES:
        if made.runs(module):
            _write_command(made, module)
    return made


def _host_packages() -> list[str]:
    found = site.getsitepackages()
    if site.ENABLE_USER_SITE:
        found.append(site.getusersitepackages())
    return [one for one in found if Path(one).is_dir()]


def _write_command(interpreter: Interpreter, module: str) -> None:
    path = interpreter.commands / module
    path.write_text(f'#!/bin/sh\nexec {shlex.quote(str(interpreter.python))} -m {module} "$@"\n', "utf-8")
    path.chmod(0o700)
