"""AWS CLI lines for objects whose ids AWS makes up: each id is looked up by its tags within the line itself."""

from __future__ import annotations

from collections.abc import Mapping

from ekswiz import __version__
from ekswiz.plan import Ref
from ekswiz.resources.ec2 import KINDS, Kind
from ekswiz.resources.shell import command
from ekswiz.resources.tags import ADDRESS, STACK


def ec2(*words: str, **options: str) -> str:
    """`aws ec2 WORDS --option "value"...`; the values of options may hold `$(...)`, which the shell carries out."""
    tail = "".join(f' --{name.replace("_", "-")} "{value}"' for name, value in options.items())
    return command("aws", "ec2", *words) + tail


def identify(stack: str, what: str | Ref) -> str:
    """An id as it is, or a `$(...)` that finds it."""
    if not isinstance(what, Ref):
        return what
    return lookup(stack, what.address)


def lookup(stack: str, address: str) -> str:
    """A `$(...)` that prints the id of the stack's object at this address."""
    kind = KINDS[address.partition(".")[0]]
    return f"$({listing(kind, stack, address)} --query '{kind.key}[0].{kind.id}' --output text)"


def listing(kind: Kind, stack: str, address: str) -> str:
    """The command that shows the object at this address."""
    words = (kind.describe.replace("_", "-"), f"--{kind.filters.lower()}")
    return command("aws", "ec2", *words, f"Name=tag:{STACK},Values={stack}", f"Name=tag:{ADDRESS},Values={address}")


def tagging(kind: Kind, stack: str, address: str, tags: Mapping[str, str]) -> tuple[str, str]:
    """The option that sets an object's tags in the create call."""
    together = {STACK: stack, ADDRESS: address, "ekswiz:version": __version__, **tags}
    written = ",".join(f"{{Key={key},Value={value}}}" for key, value in together.items())
    return "--tag-specifications", f"ResourceType={kind.resource_type},Tags=[{written}]"


def retagging(stack: str, address: str, tags: Mapping[str, str]) -> str:
    """The command that sets our tags anew."""
    written = (f"Key={key},Value={value}" for key, value in tags.items())
    return ec2("create-tags", "--tags", *written, resources=lookup(stack, address))
