"""What was found, as people and machines read it: a table on the terminal, Markdown, and JUnit's XML."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from e2e.cases import Verdicts

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Cell:
    """One case in one tier. `why` says why it failed, or why it was not run."""

    tier: str
    case: str
    state: str
    seconds: float = 0.0
    why: str = ""
    note: str = ""


def disagreements(verdicts: Mapping[str, Mapping[str, Verdicts]]) -> list[str]:
    """What tiers answer differently; `verdicts` by case and tier. Of those that ran, the first one is the measure."""
    return [line for case, by_tier in verdicts.items() for line in _differences(case, by_tier)]


def _differences(case: str, by_tier: Mapping[str, Verdicts]) -> Iterator[str]:
    names = list(by_tier)
    measure = by_tier[names[0]] if names else {}
    for tier in names[1:]:
        own = by_tier[tier]
        for name in sorted(measure.keys() | own.keys()):
            one, other = measure.get(name, "nothing"), own.get(name, "nothing")
            if one != other:
                yield f"{case}: {name}: {one} in {names[0]}, {other} in {tier}"


def text(cells: Sequence[Cell], differ: Sequence[str]) -> str:
    """The table as Markdown, with a line for everything that is not green."""
    tiers = list(dict.fromkeys(cell.tier for cell in cells))
    cases = list(dict.fromkeys(cell.case for cell in cells))
    at = {(cell.case, cell.tier): cell for cell in cells}
    rows = [["case", *tiers], ["---", *("---" for _ in tiers)]]
    rows += [[case, *(_short(at.get((case, tier))) for tier in tiers)] for case in cases]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([*lines, "", *_remarks(cells), *_agreement(differ), ""])


def markdown(cells: Sequence[Cell], differ: Sequence[str], machine: str) -> str:
    """The whole report."""
    return f"# End-to-end rehearsals\n\n{machine}\n\n{text(cells, differ)}"


def junit(cells: Sequence[Cell], differ: Sequence[str]) -> str:
    """As CI systems read it: a suite per tier, and one for their agreement."""
    root = ET.Element("testsuites", name="ekswiz e2e")
    for tier in dict.fromkeys(cell.tier for cell in cells):
        mine = [cell for cell in cells if cell.tier == tier]
        suite = _suite(root, tier, mine)
        for cell in mine:
            case = ET.SubElement(suite, "testcase", classname=tier, name=cell.case, time=f"{cell.seconds:.1f}")
            if cell.state != "ok":
                kind = "skipped" if cell.state == "not run" else "failure"
                ET.SubElement(case, kind, message=_xml(cell.why.partition("\n")[0])).text = _xml(cell.why)
    agreement = [Cell("tiers", "agreement", "failed" if differ else "ok", why="\n".join(differ))]
    case = ET.SubElement(_suite(root, "tiers", agreement), "testcase", classname="tiers", name="agreement")
    if differ:
        ET.SubElement(case, "failure", message=f"{len(differ)} verdicts differ").text = _xml("\n".join(differ))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def write(folder: Path, cells: Sequence[Cell], verdicts: Mapping[str, Mapping[str, Verdicts]], machine: str) -> None:
    """Write all of it to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    differ = disagreements(verdicts)
    (folder / "report.md").write_text(markdown(cells, differ, machine), encoding="utf-8")
    (folder / "junit.xml").write_text(junit(cells, differ), encoding="utf-8")
    (folder / "verdicts.json").write_text(json.dumps(verdicts, indent=1), encoding="utf-8")


def _short(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return f"{cell.state} ({cell.note})" if cell.note else cell.state


def _remarks(cells: Sequence[Cell]) -> list[str]:
    seen: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        if cell.why:
            seen.setdefault((cell.tier, cell.why), []).append(cell.case)
    return [
        f"- {tier}{'' if len(names) > 1 else ', ' + names[0]}: {' '.join(why.split())}"
        for (tier, why), names in seen.items()
    ]


def _agreement(differ: Sequence[str]) -> list[str]:
    if not differ:
        return ["- Verdicts: equal in all tiers that ran."]
    more = [f"- ... and {len(differ) - SHOWN} more"] if len(differ) > SHOWN else []
    return [*(f"- Verdicts differ: {one}" for one in differ[:SHOWN]), *more]


def _suite(root: ET.Element, name: str, cells: Sequence[Cell]) -> ET.Element:
    counts = {
        "tests": str(len(cells)),
        "failures": str(sum(cell.state == "failed" for cell in cells)),
        "skipped": str(sum(cell.state == "not run" for cell in cells)),
        "time": f"{sum(cell.seconds for cell in cells):.1f}",
    }
    return ET.SubElement(root, "testsuite", name=name, **counts)


def _xml(value: str) -> str:
    """Without the characters that XML has no way to write."""
    return "".join(letter if _writable(letter) else "?" for letter in value)


def _writable(letter: str) -> bool:
    return letter in "\n\t" or (" " <= letter < "\ufffe" and not "\ud800" <= letter <= "\udfff")
