"""Files of the repository in the script: whole, as here-documents whose last line occurs in none of them."""

from __future__ import annotations

from collections.abc import Iterator

from ekswiz.export.wanted import values
from ekswiz.hand_off.steps import q
from ekswiz.plan import Change
from ekswiz.resources.repository_file import MARK

END = "END_OF_FILE"


def functions() -> str:
    """What the steps below call."""
    return r"""
in_repository() {
  [ -e .git ] || [ -e "$2" ] || stop "this is not the folder of $1: there is neither .git nor $2 in it"
}

# Writes a file from standard input. One that is there is written anew only if it bears this stack's mark; one that is
# begun for its owner ("begin") stays as it is.
deliver() {
  cat >"$scratch/file"
  if [ -e "$2" ] || [ -L "$2" ]; then
    if [ "$1" = begin ] || cmp -s -- "$scratch/file" "$2"; then return; fi
    if [ -L "$2" ] || ! head -n 1 -- "$2" | grep -qF "# Written by ekswiz for stack $stack."; then
      stop "$2 is yours and differs. Move it away, or merge by hand. Nothing of it was changed."
    fi
  fi
  run mkdir -p -- "$(dirname -- "$2")"
  run cp -- "$scratch/file" "$2"
}"""


def lines(change: Change) -> Iterator[str]:
    """One file."""
    after = values(change)
    path, text = str(after["path"]), str(after["text"])
    end = END
    while end in text:
        end += "_"
    # A workflow bears our mark and is written anew when it differs; a manifest is begun once and then its owner's.
    yield f"deliver {'keep' if MARK.match(text) else 'begin'} {q(path)} <<'{end}'"
    yield text.removesuffix("\n")
    yield end
