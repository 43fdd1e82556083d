"""The root of the command line. It knows every command by name, and loads one's module when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

import click

from ekswiz.helping import COMMANDS, Command, Group

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Root(Group):
    """A group whose commands come from modules that are imported one at a time: help and completion wait for none.

    `homes` is the module of each command (`main.HOMES`). Importing it adds the command here.
    """

    group_class = Group
    homes: Mapping[str, str] = {}

    def every(self) -> Mapping[str, click.Command]:
        """All commands by name, loaded: for who looks at each, e.g. the printed reference."""
        for module in self.homes.values():
            import_module(module)
        return self.commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, loaded or not."""
        return sorted({*self.homes, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, loaded."""
        if cmd_name not in self.commands and cmd_name in self.homes:
            import_module(self.homes[cmd_name])
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the line names; a mistyped one is compared with all of them."""
        if args[0] not in self.homes and not ctx.resilient_parsing:
            self.every()
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Commands by what they are for."""
        there = self.list_commands(ctx)
        for title, about in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, text in about.items() if name in there])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands in the words of the help, then flags; no module is loaded for a list of names."""
        from click.shell_completion import CompletionItem  # only who completes pays for it

        told = {name: text for about in COMMANDS.values() for name, text in about.items()}
        offered = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        commands = [CompletionItem(name, help=told.get(name)) for name in offered]
        return [*commands, *Command.shell_complete(self, ctx, incomplete)]
