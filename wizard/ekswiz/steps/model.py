"""What a step of the wizard is made of: questions as values, the same for screens and for lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Values = Mapping[str, str]
"""Answers as text, by field name."""
Kind = Literal["text", "choice", "pick"]
"""text: typed. choice: one of a few options, all shown. pick: typed, or taken from a list that was looked up."""


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a choice: how it is called and, in one sentence, what it means."""

    value: str
    label: str
    means: str


def always(values: Values) -> bool:
    """The condition of a field that is always asked."""
    del values
    return True


@dataclass(frozen=True, slots=True)
class Field:
    """One question.

    `name` is the field's name in `Answers`; `repository` stands for owner and repo, `profile` for the AWS profile,
    which is no answer. `unset` is what an empty box means (`none` for no environment); None if it must be filled.
    `shown` says by the other answers whether it is asked at all. `hint` stands in an empty box. `more` questions have a
    default that nearly everybody keeps: screens show them on demand.
    """

    name: str
    label: str
    why: str
    kind: Kind = "text"
    options: tuple[Option, ...] = ()
    unset: str | None = None
    shown: Callable[[Values], bool] = always
    hint: str = ""
    more: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One screen of questions: `title` is its word in the rail, `question` its headline, `why` what it is for."""

    id: str
    title: str
    question: str
    fields: tuple[Field, ...]
    why: str = ""

    def field(self, name: str) -> Field:
        """The field of that name.

        Raises:
            KeyError: There is none.
        """
        return {field.name: field for field in self.fields}[name]
