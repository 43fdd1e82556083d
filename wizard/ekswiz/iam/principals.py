"""Who a statement of a resource policy or trust policy speaks of.

Surprising: *how* a caller is named matters. A policy that names the account only delegates to its administrators; one
that names a session is not limited by the session's own policies.

Source: IAM User Guide, "AWS JSON policy elements: Principal", "NotPrincipal", and "Policy evaluation logic".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from ekswiz.iam.grammar_principal import PROVIDER_ARN
from ekswiz.iam.policy import Listed
from ekswiz.iam.variables import Context

ARN = re.compile(
    r"arn:(?P<partition>[a-z0-9-]+):(?:iam|sts)::(?P<account>[0-9]{12}):"
    r"(?P<type>root|user|role|assumed-role|federated-user)(?P<name>(?:/[\x21-\x7e]+)?)",
    re.ASCII,
)

SERVICE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?", re.ASCII)

CallerType = Literal["AWS", "Federated", "Service", "anonymous"]


class Naming(IntEnum):
    """How an entry names the caller, from the loosest to the closest."""

    NOT = 0
    EVERYBODY = 1
    ACCOUNT = 2
    ROLE = 3
    SELF = 4


@dataclass(frozen=True, slots=True)
class Caller:
    """The principal of a request. For `AWS` the value is the ARN of a user, role, session or root."""

    type: CallerType
    value: str = ""
    account: str = ""
    unique_id: str = ""
    role: str = ""
    is_session: bool = False

    @classmethod
    def of(cls, name: str, context: Context) -> Caller:
        """The caller behind an ARN of IAM or STS, an identity provider's ARN, or a service's name.

        Raises:
            TypeError: It is no text.
            ValueError: The text is none of these.
        """
        if SERVICE.fullmatch(name):
            return cls("Service", name)
        if PROVIDER_ARN.fullmatch(name):
            return cls("Federated", name)
        return cls.of_arn(name, context)

    @classmethod
    def of_arn(cls, arn: str, context: Context) -> Caller:
        """The caller behind an ARN; aws:userid, where the context has it, gives the unique id.

        Raises:
            ValueError: The text is no ARN of a caller.
        """
        found = ARN.fullmatch(arn)
        if found is None or (found["type"] == "root") != (not found["name"]):
            raise ValueError(f"{arn[:200]!r} is no ARN of a user, role, session or account")
        userid = context.get("aws:userid")
        unique_id = userid[0].partition(":")[0] if len(userid) == 1 else ""
        role = found["name"].split("/")[1] if found["type"] == "assumed-role" else ""
        is_session = found["type"] in ("assumed-role", "federated-user")
        return cls("AWS", arn, found["account"], unique_id, role, is_session)


def naming(entry: Listed, caller: Caller) -> Naming:
    """How one entry of a Principal element names the caller."""
    if entry.type == "*":
        return Naming.EVERYBODY
    if entry.type != caller.type:
        return Naming.NOT
    if entry.value == caller.value:
        return Naming.ROLE if ":role/" in entry.value else Naming.SELF
    return _aws_naming(entry.value, caller) if caller.type == "AWS" else Naming.NOT


def named(entries: Iterable[Listed], caller: Caller) -> Naming:
    """The closest way in which the entries name the caller."""
    return max((naming(entry, caller) for entry in entries), default=Naming.NOT)


def exempt(entries: tuple[Listed, ...], caller: Caller) -> bool:
    """Whether a NotPrincipal element leaves the caller out: account, role and session are looked at one after another.

    So the account must be listed too, and for a session the role; if sessions of that role are listed, then this one.
    """
    if caller.type != "AWS":
        return named(entries, caller) is not Naming.NOT
    ways = {naming(entry, caller) for entry in entries}
    if not caller.role:
        is_root = caller.value.endswith(":root")
        is_listed = not ways.isdisjoint({Naming.SELF, Naming.ROLE})
        return is_listed and (is_root or Naming.ACCOUNT in ways)
    siblings = any(_session_role(entry.value) == (caller.account, caller.role) for entry in entries)
    return {Naming.ACCOUNT, Naming.ROLE} <= ways and (Naming.SELF in ways or not siblings)


def _aws_naming(value: str, caller: Caller) -> Naming:
    account = Naming.SELF if caller.value.endswith(":root") else Naming.ACCOUNT
    if value == caller.account:
        return account
    if caller.unique_id and value == caller.unique_id:
        return Naming.ROLE if caller.role else Naming.SELF
    found = ARN.fullmatch(value)
    if found is None or found["account"] != caller.account or not caller.value.startswith(f"arn:{found['partition']}:"):
        return Naming.NOT
    if found["type"] == "root":
        return account
    is_role = found["type"] == "role" and found["name"].rpartition("/")[2] == caller.role
    return Naming.ROLE if is_role else Naming.NOT


def _session_role(value: str) -> tuple[str, str] | None:
    found = ARN.fullmatch(value)
    if found is None or found["type"] != "assumed-role":
        return None
    return found["account"], found["name"].split("/")[1]
