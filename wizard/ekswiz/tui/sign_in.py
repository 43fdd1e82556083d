"""`aws sso login`, with the terminal given to it meanwhile."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from ekswiz.steps.trouble import sign_in_command

if TYPE_CHECKING:
    from ekswiz.tui.app import EkswizApp


def sign_in(app: EkswizApp, profile: str) -> None:
    """Run it, and look up again who we are. What it printed stays in the scrollback."""
    command = sign_in_command(profile or None)
    if shutil.which("aws") is None:
        app.copy(command, command)
        app.notify("The AWS CLI is not on the PATH. The command is in the clipboard.", severity="warning")
        return
    try:
        with app.suspend():
            ended = subprocess.run(command.split(), check=False).returncode
    except SuspendNotSupported:
        app.notify(f"Run it in another terminal: {command}", severity="warning")
        return
    if ended:
        app.notify(f"{command} ended with exit code {ended}.", title="Not signed in", severity="warning")
    app.look_again()
