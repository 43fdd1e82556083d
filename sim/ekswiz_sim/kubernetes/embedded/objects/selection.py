"""Label selectors inside of objects: whether they are well-formed, and what they select."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ekswiz_sim.kubernetes.embedded.api.errors import Cause, invalid, prohibited, required
from ekswiz_sim.kubernetes.embedded.objects import names
from ekswiz_sim.kubernetes.embedded.store import Obj

_OPERATORS = ("DoesNotExist", "Exists", "In", "NotIn")


def selects(chosen: Obj, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector matches labels."""
    if any(labels.get(key) != value for key, value in (chosen.get("matchLabels") or {}).items()):
        return False
    return all(_expression(one, labels) for one in chosen.get("matchExpressions") or [])


def _expression(one: Obj, labels: Mapping[str, str]) -> bool:
    key, operator = one.get("key", ""), one.get("operator")
    if operator in ("Exists", "DoesNotExist"):
        return (key in labels) is (operator == "Exists")
    inside = key in labels and labels[key] in (one.get("values") or [])
    return inside is (operator == "In")


def selector(chosen: Obj, at: str) -> Iterator[Cause]:
    """All that is wrong with a LabelSelector."""
    yield from names.labels(f"{at}.matchLabels", chosen.get("matchLabels"))
    for index, one in enumerate(chosen.get("matchExpressions") or []):
        where, operator = f"{at}.matchExpressions[{index}]", one.get("operator")
        if operator not in _OPERATORS:
            yield invalid(f"{where}.operator", operator, "not a valid selector operator")
        elif operator in ("In", "NotIn") and not one.get("values"):
            yield required(f"{where}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif operator in ("Exists", "DoesNotExist") and one.get("values"):
            yield prohibited(f"{where}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
