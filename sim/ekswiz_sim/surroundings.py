"""What a world changes in its own process while it lives, and puts back: the environment, and where logs go.

Libraries inside the world (moto, botocore, dulwich) read AWS_* and GIT_* variables and files of the user whatever they
are handed. None of it may decide anything in a rehearsal, so none of it is there.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

HIDDEN = ("AWS_", "BOTO", "MOTO_", "GIT_")
"""Variables that begin so belong to the user's world, not to this one."""
EMPTY = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Surroundings:
    """Made when a world starts. Warnings of the world's parts go to `log_file`, not to the terminal."""

    def __init__(self, log_file: Path) -> None:
        self._held = {name: value for name, value in os.environ.items() if name.startswith(HIDDEN)}
        self._log = logging.FileHandler(log_file, encoding="utf-8", errors="backslashreplace", delay=True)
        self._log.setLevel(logging.WARNING)
        self._log.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        logging.getLogger().addHandler(self._log)
        self._replace(EMPTY)

    def restore(self) -> None:
        """Put everything back. Safe to call twice."""
        logging.getLogger().removeHandler(self._log)
        self._log.close()
        self._replace(self._held)

    @staticmethod
    def _replace(variables: dict[str, str]) -> None:
        for name in [name for name in os.environ if name.startswith(HIDDEN)]:
            del os.environ[name]
        os.environ.update(variables)
