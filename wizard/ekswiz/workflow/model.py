"""A workflow file as values: what the file says, with where it says it, nothing evaluated.

Strings that may hold `${{ }}` stay `Text` until somebody has the contexts to evaluate them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Value: TypeAlias = Any
"""A value of an expression: None, bool, float, str, a list or a mapping with string keys, as in JSON."""

Level = Literal["read", "write", "none"]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as GitHub reads it as a string, and where it begins.

    `shift` is what quotes add to a column. `block` is the column where each line of a literal block begins.
    """

    value: str
    at: Position
    shift: int = 0
    block: int | None = None

    def position(self, offset: int) -> Position:
        """Where the character at `offset` stands in the file; the scalar's begin where that cannot be told."""
        before = self.value[:offset]
        if self.block is not None:
            line = before.count("\n")
            return Position(self.at.line + 1 + line, self.block + offset - (before.rfind("\n") + 1))
        if "\n" in self.value:
            return self.at
        return Position(self.at.line, self.at.column + self.shift + offset)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A YAML scalar with its YAML 1.2 value (`on` and `yes` are strings)."""

    value: bool | float | str | None
    text: Text

    @property
    def at(self) -> Position:
        """Where it begins."""
        return self.text.at


@dataclass(frozen=True, slots=True)
class Items:
    """A YAML sequence."""

    items: tuple[Node, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Fields:
    """A YAML mapping in the file's order; keys are unique without regard to case, as GitHub demands."""

    entries: tuple[tuple[Text, Node], ...]
    at: Position

    def get(self, key: str) -> Node | None:
        """The value of `key`; None if it is absent."""
        return next((node for name, node in self.entries if name.value == key), None)


Node: TypeAlias = Scalar | Items | Fields


@dataclass(frozen=True, slots=True)
class Permissions:
    """A `permissions:` key. `every` is the level of `read-all` and `write-all`; else what is not named is none."""

    scopes: Mapping[str, Level] = field(default_factory=dict)
    every: Level = "none"
    at: Position = Position(1, 1)

    def level(self, scope: str) -> Level:
        """The level of a scope such as "id-token"."""
        return self.scopes.get(scope, self.every)


@dataclass(frozen=True, slots=True)
class Filter:
    """Patterns of a trigger, such as `branches` or `paths-ignore`."""

    patterns: tuple[Text, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Input:
    """An input of `workflow_dispatch` or `workflow_call`."""

    name: str
    type: Literal["string", "boolean", "number", "choice", "environment"]
    required: bool
    default: Scalar | None
    options: tuple[str, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Trigger:
    """One event of `on:`. `filters` by key: branches, branches-ignore, tags, tags-ignore, paths, paths-ignore.

    `secrets` (name -> required) and `outputs` belong to `workflow_call`; `crons` to `schedule`.
    """

    event: str
    at: Position
    types: tuple[str, ...] | None = None
    filters: Mapping[str, Filter] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    secrets: Mapping[str, bool] = field(default_factory=dict)
    outputs: Mapping[str, Text] = field(default_factory=dict)
    crons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Defaults:
    """`defaults.run`."""

    shell: Text | None = None
    working_directory: Text | None = None


@dataclass(frozen=True, slots=True)
class Concurrency:
    """`concurrency:`. `cancel` is `cancel-in-progress`."""

    group: Text
    cancel: Text | None
    at: Position


@dataclass(frozen=True, slots=True)
class DeploymentEnvironment:
    """A job's `environment:`."""

    name: Text
    url: Text | None
    at: Position


@dataclass(frozen=True, slots=True)
class Strategy:
    """A job's `strategy:`. `matrix` is a mapping, or a scalar with an expression that gives one."""

    matrix: Node | None
    fail_fast: Text | None
    max_parallel: Text | None
    at: Position


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `run` or `uses`, never both."""

    at: Position
    id: str | None = None
    name: Text | None = None
    condition: Text | None = None
    uses: Text | None = None
    run: Text | None = None
    inputs: Mapping[str, Text] = field(default_factory=dict)
    env: Mapping[str, Text] = field(default_factory=dict)
    shell: Text | None = None
    working_directory: Text | None = None
    timeout: Text | None = None
    continue_on_error: Text | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One job: `steps`, or `uses` of a reusable workflow with `inputs` and `secrets`."""

    id: str
    at: Position
    name: Text | None = None
    needs: tuple[str, ...] = ()
    condition: Text | None = None
    runs_on: tuple[Text, ...] = ()
    permissions: Permissions | None = None
    environment: DeploymentEnvironment | None = None
    concurrency: Concurrency | None = None
    outputs: Mapping[str, Text] = field(default_factory=dict)
    env: Mapping[str, Text] = field(default_factory=dict)
    defaults: Defaults = Defaults()
    steps: tuple[Step, ...] = ()
    timeout: Text | None = None
    continue_on_error: Text | None = None
    strategy: Strategy | None = None
    uses: Text | None = None
    inputs: Mapping[str, Text] = field(default_factory=dict)
    secrets: Mapping[str, Text] | Literal["inherit"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow file. `path` is as the reader named it; `triggers` by event."""

    path: str
    name: Text | None
    run_name: Text | None
    triggers: Mapping[str, Trigger]
    permissions: Permissions | None
    env: Mapping[str, Text]
    defaults: Defaults
    concurrency: Concurrency | None
    jobs: Mapping[str, Job]

    def steps(self) -> Iterator[tuple[Job, Step]]:
        """Every step with its job, in the file's order."""
        for job in self.jobs.values():
            for step in job.steps:
                yield job, step
