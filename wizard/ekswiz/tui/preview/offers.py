"""Rows that another consent would change: a foreign object, images, deletion protection."""

from __future__ import annotations

from dataclasses import dataclass

from ekswiz.plan import Action, Change

FOREIGN = "foreign-object"


@dataclass(frozen=True, slots=True)
class Offer:
    """A flag of `Choice`, and what it would mean."""

    flag: str
    sentence: str


def offer(change: Change) -> Offer | None:
    """What may be agreed to for this row; None where nothing is to be."""
    if any(risk.id == FOREIGN for risk in change.risks):
        return Offer("adopt", "Planned again: objects of our names that others made are taken over and changed.")
    if change.action is not Action.KEEP:
        return None
    for flag, sentence in _KEPT.items():
        if f"--{flag.replace('_', '-')}" in change.why:
            return Offer(flag, sentence)
    return None


_KEPT = {
    "delete_images": "Planned again: the images go with their repository.",
    "delete_protected": "Planned again: deletion protection ends, and the cluster goes.",
}
