"""Who we are at GitHub: the token of a variable, or the one that `gh` keeps. It stays in memory."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

VARIABLES = ("GH_TOKEN", "GITHUB_TOKEN")
"""In the order in which `gh` looks at them."""
GH_TIMEOUT = 5.0
"""Seconds that `gh` may take."""
SIGN_IN = "gh auth login"
"""The command that signs in."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A token and, in words, where it comes from; both empty where there is none."""

    token: str = field(default="", repr=False)
    source: str = ""


def sign_in(environment: Mapping[str, str]) -> SignIn:
    """The token of a variable, or the one that `gh` keeps."""
    for name in VARIABLES:
        if environment.get(name):
            return SignIn(environment[name].strip(), f"from {name}")
    gh = shutil.which("gh", path=environment.get("PATH"))
    if gh is None:
        return SignIn()
    try:
        said = subprocess.run(
            [gh, "auth", "token"], capture_output=True, text=True, timeout=GH_TIMEOUT, check=False,
            stdin=subprocess.DEVNULL, env=dict(environment),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return SignIn()
    token = said.stdout.strip()
    return SignIn(token, "through gh") if said.returncode == 0 and token else SignIn()
