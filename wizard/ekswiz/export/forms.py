"""Every form by its name, and the way to disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from ekswiz.export.document import Document, Form, Subject
from ekswiz.hand_off.write import READABLE, RUNNABLE, write

if TYPE_CHECKING:
    from collections.abc import Callable

FORMS: tuple[Form, ...] = get_args(Form)


def documents(form: Form, subject: Subject) -> tuple[Document, ...]:
    """The files of one form, the one to begin with first.

    Raises:
        InputError: The plan cannot be said in that form, and why.
    """
    return _maker(form)(subject)


def write_all(found: Sequence[Document], folder: Path) -> tuple[Path, ...]:
    """Write them to a folder, each in one step; their paths.

    Raises:
        InputError: The folder cannot be written.
    """
    for each in found:
        write(folder / each.name, each.text, RUNNABLE if each.runnable else READABLE)
    return tuple(folder / each.name for each in found)


def _maker(form: Form) -> Callable[[Subject], tuple[Document, ...]]:
    """Loaded when asked for: templates of tools that nobody named cost nothing."""
    from ekswiz.export import bash, cloudformation, eksctl, html, markdown, terraform

    makers: Mapping[Form, Callable[[Subject], tuple[Document, ...]]] = {
        "bash": bash.bash,
        "terraform": terraform.terraform,
        "cloudformation": cloudformation.cloudformation,
        "eksctl": eksctl.eksctl,
        "markdown": markdown.document,
        "html": html.html,
    }
    return makers[form]
