"""The `aws` command of a rehearsal: `python -m ekswiz_sim.runner.tools.aws`.

Same words, output, error texts and exit codes as the AWS CLI version 2 for the few commands that a deployment uses;
every other command is refused by name (252), never guessed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from ekswiz_sim.runner.tools.aws_client import CallFailed, CannotCall, Client
from ekswiz_sim.runner.tools.aws_options import GLOBAL, Options, Usage, parse

USAGE = 252
SERVICE_REFUSED = 254
VERSION = "aws-cli/2.31.0 ekswiz-rehearsal"


def main(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    """Run one command; the exit code of the AWS CLI (its reference, "Return codes")."""
    if "--version" in arguments:
        sys.stdout.write(f"{VERSION}\n")
        return 0
    try:
        sys.stdout.write(_answer(arguments, env))
    except Usage as error:
        return _fail(f"aws: [ERROR]: {error}", USAGE)
    except CallFailed as error:
        return _fail(str(error), SERVICE_REFUSED)
    except CannotCall as error:
        return _fail(str(error), error.exit_code)
    return 0


def _answer(arguments: Sequence[str], env: Mapping[str, str]) -> str:
    from ekswiz_sim.runner.tools.aws_commands import COMMANDS  # `--version` needs none

    before, words, after = _split(arguments)
    command = COMMANDS.get((words[0], words[1])) if len(words) > 1 else None
    if command is None:
        known = ", ".join(" ".join(pair) for pair in sorted(COMMANDS))
        name = " ".join(words) or "(nothing)"
        raise Usage(f"'aws {name}' is not modelled in a rehearsal, which knows: {known}. --host-tools takes yours.")
    options = parse([*before, *after], command.options, command.required)
    answer = command.run(Client(env, options.one("region")), options)
    return answer if isinstance(answer, str) else _printed(answer, options)


def _printed(answer: object, options: Options) -> str:
    from ekswiz_sim.runner.tools.aws_output import shown  # update-kubeconfig prints a sentence

    return shown(answer, options)


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Global options in front, service and command, and the options behind them."""
    left = list(arguments)
    before: list[str] = []
    while left and left[0].startswith("--"):
        name = left.pop(0)
        before.append(name)
        if GLOBAL.get(name) == "one" and left:
            before.append(left.pop(0))
    return before, left[:2], left[2:]


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"\n{message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
