"""What a plan needs of IAM, and whether the caller has it: values that front ends show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Answer = Literal["allowed", "denied", "unknown"]
Source = Literal["AWS says", "computed, not tried", "unknown"]
"""Who answered: IAM's simulator; ekswiz by the caller's own policies; nobody."""


@dataclass(frozen=True, slots=True)
class Need:
    """One IAM action on one ARN (or pattern of ARNs), with the condition keys that the call will bring along."""

    action: str
    resource: str
    addresses: tuple[str, ...]
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the caller has what is needed, and why in one sentence."""

    need: Need
    answer: Answer
    why: str = ""


@dataclass(frozen=True, slots=True)
class Permissions:
    """All verdicts about one plan and one caller (an ARN; empty where nobody could say)."""

    caller: str
    source: Source
    verdicts: tuple[Verdict, ...]

    @property
    def missing(self) -> tuple[Verdict, ...]:
        """What the caller is known not to have."""
        return tuple(verdict for verdict in self.verdicts if verdict.answer == "denied")

    def sentence(self) -> str:
        """`permissions: 14 of 15 (AWS says); missing iam:PassRole on ARN`."""
        total = len(self.verdicts)
        allowed = sum(verdict.answer == "allowed" for verdict in self.verdicts)
        unknown = total - allowed - len(self.missing)
        if unknown == total:
            why = next((verdict.why for verdict in self.verdicts if verdict.why), "")
            return f"permissions: {total} needed, unknown whether you have them{f': {why}' if why else '.'}"
        lacks = ", ".join(f"{verdict.need.action} on {verdict.need.resource}" for verdict in self.missing)
        parts = [f"permissions: {allowed} of {total} ({self.source})"]
        parts += [f"missing {lacks}"] if lacks else []
        parts += [f"{unknown} unknown"] if unknown else []
        return "; ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """These permissions as JSON values."""
        return {
            "caller": self.caller,
            "source": self.source,
            "summary": self.sentence(),
            "needs": [
                {
                    "action": verdict.need.action,
                    "resource": verdict.need.resource,
                    "addresses": list(verdict.need.addresses),
                    "answer": verdict.answer,
                    "why": verdict.why,
                }
                for verdict in self.verdicts
            ],
        }
