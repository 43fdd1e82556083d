"""`docs/reference/cli.md`: every command, option, variable and default, from the command line itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from ekswiz.main import ekswiz
from ekswiz.options import FIELDS
from house.pages.markdown import code, table

HEAD = """\
# The command line

Printed from the commands themselves by `make docs`. Results go to standard output, everything else to standard error;
[exit codes](exit-codes.md) and [JSON](json.md) have pages of their own.

Flags of `ekswiz` itself may stand before a command or after it; those after it win. Nothing is ever asked for where
there is no terminal: what is missing is named, with its flag and its variable.

"""
WHERE = ("answers", "sample", "source")
ANSWERS = {f"answer_{name}" for name, *_ in FIELDS} | {*WHERE}
WORLD = ("profile", "endpoint_url", "adopt", "take_over", "allow_risk")
VARIABLES = (
    ("EKSWIZ_STATE_DIR", "Folder of the simulated world's record (default: the user's state folder)."),
    ("EKSWIZ_TRACEBACK", "1: show where a mistake of ekswiz happened."),
    ("NO_COLOR", "Any value: no colour."),
    ("ACCESSIBLE", "Any value but 0: the wizard in lines."),
    ("AWS_PROFILE, AWS_REGION, ...", "As for every program that uses the AWS SDK."),
    ("AWS_ENDPOINT_URL", "Refused, since calls would not go to AWS; say --endpoint-url if you mean it."),
    ("GH_TOKEN, GITHUB_TOKEN", "A token for GitHub's API, where gh has none."),
)


def text() -> str:
    """The whole page."""
    ekswiz.every()
    return HEAD + "\n".join([*_command("ekswiz", ekswiz), *_all(ekswiz, "ekswiz"), *_shared(ekswiz), *_variables()])


def _all(group: click.Group, path: str) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        yield from _command(f"{path} {name}", command)
        if isinstance(command, click.Group):
            yield from _all(command, f"{path} {name}")


def _command(path: str, command: click.Command) -> Iterator[str]:
    yield f"## {path}\n"
    yield inspect.cleandoc(command.help or "").replace("\n\n", "\n\n") + "\n"
    usage = " ".join(["Usage:", f"`{path}{_arguments(command)}`."])
    shared = [words for words, names in (("answers", ANSWERS), ("world", set(WORLD))) if names & _names(command)]
    links = [f"[{'flags of the answers' if word == 'answers' else 'flags of the world'}](#{word})" for word in shared]
    yield usage + (f" Also: {', '.join(links)}." if links else "") + "\n"
    own = [option for option in _options(command) if option.name not in ANSWERS | set(WORLD)]
    if own:
        yield table(("option", "default", "what it does"), map(_row, own))


def _names(command: click.Command) -> set[str]:
    return {parameter.name or "" for parameter in command.params}


def _options(command: click.Command) -> list[click.Option]:
    return [parameter for parameter in command.params if isinstance(parameter, click.Option)]


def _arguments(command: click.Command) -> str:
    words = [one.make_metavar(click.Context(command)) for one in command.params if isinstance(one, click.Argument)]
    return "".join(f" {word}" for word in ["[OPTIONS]", *words])


def _row(option: click.Option) -> tuple[str, str, str]:
    variable = f" {code(option.envvar)}." if option.envvar else ""
    return _spelled(option), _default(option), (option.help or "") + variable


def _spelled(option: click.Option) -> str:
    value = "" if option.is_flag else f" {option.make_metavar(click.Context(click.Command('x')))}"
    return ", ".join(code(f"{word}{value}") for word in option.opts)


def _default(option: click.Option) -> str:
    given = option.to_info_dict()["default"]
    if option.is_flag or option.multiple or given in (None, "") or not isinstance(given, str | int):
        return ""
    return code(given)


def _shared(root: click.Group) -> Iterator[str]:
    plan = root.commands["plan"]
    yield "## Answers\n"
    yield "Every answer is a flag, a variable and a line of `ekswiz.toml`; [the answers](answers.md) explains each.\n"
    answers = [option for option in _options(plan) if option.name in ANSWERS]
    yield table(("flag", "variable", "what it is"), map(_answer, answers))
    yield "## World\n"
    yield "Which account a command acts on, and what it may do there.\n"
    yield table(("option", "default", "what it does"), (_row(each) for each in _options(plan) if each.name in WORLD))


def _answer(option: click.Option) -> tuple[str, str, str]:
    return _spelled(option), code(option.envvar or ""), option.help or ""


def _variables() -> Iterator[str]:
    yield "## Other variables\n"
    yield table(("variable", "what it does"), ((code(name), what) for name, what in VARIABLES)).rstrip("\n") + "\n"
