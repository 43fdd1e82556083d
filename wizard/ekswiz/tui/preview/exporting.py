"""Writing the plan that is on screen in any form: what there is, what would be lost, what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ekswiz import export, saved, view
from ekswiz.errors import EkswizError
from ekswiz.export.markdown import markdown
from ekswiz.frontend import Look

Form = Literal["json", "markdown", "hand-off", "bash", "terraform", "cloudformation", "eksctl", "html"]
PLAN_JSON, PLAN_MARKDOWN = "ekswiz-plan.json", "ekswiz-plan.md"
HAND_OFF = "ekswiz-hand-off"
OUT = "ekswiz-export"


@dataclass(frozen=True, slots=True)
class Offered:
    """A form, what it is for, and the folder where it usually goes, as seen from the repository."""

    id: Form
    what: str
    folder: str = OUT

    @property
    def line(self) -> str:
        """Its line in the list."""
        return f"{self.id:<15} {self.what}"


FORMS = (
    Offered("json", "the plan itself, for: ekswiz apply FILE", "."),
    Offered("markdown", "for a pull request", "."),
    Offered("hand-off", "Markdown and bash for an administrator", HAND_OFF),
    Offered("bash", "AWS CLI, kubectl and gh commands with guards"),
    Offered("terraform", "Terraform or OpenTofu: IAM, ECR and access"),
    Offered("cloudformation", "the same as a template, and a manifest"),
    Offered("eksctl", "a ClusterConfig"),
    Offered("html", "one page to read, without scripts"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A form, and the folder that its files go to: absolute, or as seen from the repository."""

    form: Form
    folder: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """Files that can be written: which of them would replace something else, and the deed."""

    there: tuple[Path, ...]
    write: Callable[[], Sequence[Path]]


HAND_OVER = Wanted("hand-off", HAND_OFF)


def prepare(wanted: Wanted, subject: export.Subject, look: Look, base: Path) -> Prepared:
    """Make the files, and find out which would replace others. Nothing is written yet.

    Raises:
        InputError: The plan cannot be said in that form, and why.
    """
    folder = base / Path(wanted.folder).expanduser()
    plan = subject.view.plan
    if wanted.form == "hand-off":
        names = (folder / f"ekswiz-{plan.stack}-hand-off{end}" for end in (".md", ".sh"))
        return Prepared(_there(names), lambda: look.hand_off(plan, subject.answers, folder))
    if wanted.form == "json":
        path = folder / PLAN_JSON
        return Prepared(_there((path,)), lambda: _saved(path, subject.view))
    found = _made(wanted.form, subject)
    changed = (folder / each.name for each in found if not _same(folder / each.name, each.text))
    return Prepared(_there(changed), lambda: export.write_all(found, folder))


def _made(form: export.Form, subject: export.Subject) -> tuple[export.Document, ...]:
    """A form that fails must not take the wizard with it, which may hold a world or a plan that took minutes."""
    try:
        return _documents(form, subject)
    except EkswizError:
        raise
    except Exception as error:
        raise EkswizError(f"A mistake in ekswiz: {type(error).__name__}: {error}.", "Please report it.") from error


def _documents(form: export.Form, subject: export.Subject) -> tuple[export.Document, ...]:
    if form == "markdown":
        return (export.Document(PLAN_MARKDOWN, markdown(subject.view)),)
    return export.documents(form, subject)


def _saved(path: Path, made: view.View) -> Sequence[Path]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EkswizError(f"{path.parent} cannot be made: {error.strerror}.", "Choose another folder.") from error
    saved.save(path, view.document(made))
    return (path,)


def _there(paths: Iterator[Path] | Sequence[Path]) -> tuple[Path, ...]:
    return tuple(path for path in paths if path.is_file())


def _same(path: Path, text: str) -> bool:
    """Whether the file is what would be written; one that cannot be read is not."""
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def shown(path: Path, base: Path) -> str:
    """A path as a reader knows it: as seen from the repository, where it lies in it."""
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
