"""The files that a step writes for the runner: GITHUB_ENV, GITHUB_OUTPUT, GITHUB_PATH, GITHUB_STATE, the summary."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUMMARY_LIMIT = 1024 * 1024
_BLOCKED = frozenset({"NODE_OPTIONS"})


class FileCommandError(Exception):
    """A file that GitHub refuses, in its words."""


@dataclass(frozen=True, slots=True)
class FileCommands:
    """One step's files, fresh and empty."""

    env: Path
    output: Path
    path: Path
    state: Path
    summary: Path

    def variables(self) -> dict[str, str]:
        """The variables that tell a step where they are."""
        return {
            "GITHUB_ENV": str(self.env),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_PATH": str(self.path),
            "GITHUB_STATE": str(self.state),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }


def make_files(folder: Path) -> FileCommands:
    """Create a step's files in the job's temp folder."""
    folder = folder / "_runner_file_commands"
    folder.mkdir(parents=True, exist_ok=True)
    suffix = uuid.uuid4().hex
    made = FileCommands(
        *(folder / f"{prefix}_{suffix}" for prefix in ("set_env", "set_output", "add_path", "save_state", "summary"))
    )
    for path in (made.env, made.output, made.path, made.state, made.summary):
        path.touch()
    return made


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig", errors="replace")
    except FileNotFoundError:  # a step may remove them; GitHub shrugs, too
        return ""
    except OSError as error:
        raise FileCommandError(f"{path.name} cannot be read: {error.strerror}") from None


def read_pairs(path: Path) -> dict[str, str]:
    """`NAME=value` lines and `NAME<<MARK` blocks; later ones win.

    Raises:
        FileCommandError: A line of another form, an empty name, a mark that never comes.
    """
    pairs: dict[str, str] = {}
    lines = iter(_lines(_text(path)))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, value = line[:equals], line[equals + 1 :]
        elif heredoc >= 0:
            name, mark = line[:heredoc], line[heredoc + 2 :]
            if not mark:
                raise FileCommandError(f"Invalid format '{line}'. Delimiter must not be empty")
            value = _block(lines, mark)
        else:
            raise FileCommandError(f"Invalid format '{line}'")
        if not name:
            raise FileCommandError(f"Invalid format '{line}'. Name must not be empty")
        pairs[name] = value
    return pairs


def _lines(text: str) -> list[str]:
    """Only a line feed ends a line here; a carriage return belongs to the value, as on GitHub's Linux runners."""
    return text.split("\n")


def _block(lines: Iterator[str], mark: str) -> str:
    """The lines up to the mark; the caller goes on after it."""
    kept: list[str] = []
    for line in lines:
        if line == mark:
            return "\n".join(kept)
        kept.append(line)
    raise FileCommandError(f"Invalid value. Matching delimiter not found '{mark}'")


def read_env(path: Path) -> dict[str, str]:
    """GITHUB_ENV's variables.

    Raises:
        FileCommandError: Bad format, or a variable that GitHub does not let a step set.
    """
    pairs = read_pairs(path)
    for name in pairs:
        if name.upper() in _BLOCKED:
            raise FileCommandError(f"Can't store {name} output parameter using '$GITHUB_ENV' command.")
    return pairs


def read_path(path: Path) -> tuple[str, ...]:
    """GITHUB_PATH's folders in the order written."""
    return tuple(line for line in _text(path).splitlines() if line)


def read_summary(path: Path) -> str:
    """The step's Markdown.

    Raises:
        FileCommandError: More than a mebibyte.
    """
    text = _text(path)
    size = len(text.encode(errors="replace"))
    if size > SUMMARY_LIMIT:
        raise FileCommandError(
            f"$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of {SUMMARY_LIMIT // 1024}k, "
            f"got {size // 1024}k."
        )
    return text
