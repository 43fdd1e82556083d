"""Plans in files: written whole or not at all, readable by their owner alone, and refused where they do not fit.

A saved plan is what somebody looked at and agreed to. It is applied as it stands or not at all: what would be planned
now is compared with it field by field, and whatever moved is named.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ekswiz.errors import InputError, StalePlan
from ekswiz.plan import Change, Plan, Ref, encode

FORMAT = "ekswiz-plan"
LONGEST = 80
"""Characters of a value that a message shows."""
REMEDY = "Make it anew: ekswiz plan --out FILE"


def save(path: Path, document: Mapping[str, Any]) -> None:
    """Write a plan's document (`Plan.to_json`, and what stands beside it), mode 0600, in one step.

    Raises:
        InputError: The place cannot be written.
    """
    content = {"format": FORMAT, **document}
    content["checksum"] = _checksum(content)
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    scratch = path.with_name(f".{path.name}.{os.urandom(16).hex()}")
    try:
        _write(scratch, text.encode())
        scratch.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            scratch.unlink()
        raise _bad(path, f"cannot be written: {error.strerror or error}.", "Choose another place.") from error


def load(path: Path) -> Plan:
    """The plan of a file.

    Raises:
        InputError: The file cannot be read, is no saved plan, is damaged, or was written by another version.
    """
    document = _document(path)
    if document.get("format") != FORMAT:
        raise _bad(path, "is not a saved plan of ekswiz.", REMEDY)
    if document.pop("checksum", None) != _checksum(document):
        raise _bad(path, "is damaged: its checksum does not fit.", REMEDY)
    try:
        return Plan.from_json(document)
    except ValueError as error:
        raise _bad(path, f"is not a plan that this version of ekswiz can apply: {error}.", REMEDY) from error


def refuse_elsewhere(saved: Plan, *, stack: str, account: str, region: str) -> None:
    """Refuse a plan that was made for another place.

    Raises:
        InputError: It is another stack's, account's or region's.
    """
    for name, here in (("account", account), ("region", region), ("stack", stack)):
        said = getattr(saved, name)
        if said != here:
            raise InputError(name, f"the saved plan is for {said}, and this is {here}. Nothing was changed.", REMEDY)


def refuse_moved(saved: Plan, now: Plan) -> None:
    """Refuse a plan that is not what would be planned now.

    Raises:
        StalePlan: Names everything that moved: `address: field before -> now`.
    """
    moved = list(differences(saved, now))
    if moved:
        raise StalePlan("\n  " + "\n  ".join(moved) + "\nNothing was changed.", "Plan again and look at it.")


def differences(saved: Plan, now: Plan) -> Iterator[str]:
    """What is not as it was when `saved` was made, a line each."""
    then = {change.address: change for change in saved.changes}
    here = {change.address: change for change in now.changes}
    for address in [*then, *(address for address in here if address not in then)]:
        if address not in here:
            yield f"{address}: is not part of this stack any more"
        elif address not in then:
            yield f"{address}: is new in this stack"
        else:
            yield from _changed(then[address], here[address])


def moved(address: str, before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> Iterator[str]:
    """What happened to an object, a line for each field."""
    if before is None or now is None:
        if before is not now:
            yield f"{address}: {'has appeared' if before is None else 'is gone'}"
        return
    was, found = encode(before), encode(now)
    for name in sorted({*was, *found}):
        if was.get(name) != found.get(name):
            yield f"{address}: {name} {shown(was.get(name))} -> {shown(found.get(name))}"


def shown(value: Any) -> str:
    """A value as a message shows it."""
    text = json.dumps(encode(value), ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _changed(then: Change, now: Change) -> Iterator[str]:
    """An object that moved, or answers that did."""
    lines = list(moved(then.address, then.before, now.before))
    if not lines:
        lines = [line.replace(": ", ": wanted ", 1) for line in moved(then.address, *_comparable(then, now))]
    yield from lines
    if not lines and then.action is not now.action:
        yield f"{then.address}: action {then.action.word} -> {now.action.word}"
    new = [risk for risk in now.risks if risk.id not in {known.id for known in then.risks}]
    yield from (f"{then.address}: new risk {risk.id}: {risk.sentence}" for risk in new)
    if then.adopted != now.adopted:
        yield f"{then.address}: whose it is: {_whose(then)} -> {_whose(now)}"


def _comparable(then: Change, now: Change) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """What was and is wanted, without what was not known yet: that its owner exists now is said of the owner."""
    if then.after is None or now.after is None:
        return then.after, now.after
    later = {name for name in then.after if isinstance(then.after[name], Ref) != isinstance(now.after.get(name), Ref)}
    return _without(then.after, later), _without(now.after, later)


def _without(values: Mapping[str, Any], names: set[str]) -> Mapping[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def _whose(change: Change) -> str:
    return "not ours" if change.adopted else "ours"


def _document(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror or error}.", "Name a saved plan.") from error
    except (ValueError, RecursionError) as error:
        raise _bad(path, "is damaged: it is not JSON.", REMEDY) from error
    if not isinstance(found, dict):
        raise _bad(path, "is not a saved plan of ekswiz.", REMEDY)
    return found


def _write(path: Path, content: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _checksum(document: Mapping[str, Any]) -> str:
    import hashlib  # `ekswiz --help` pays for none of it

    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _bad(path: Path, detail: str, remedy: str) -> InputError:
    return InputError(str(path), detail, remedy)
