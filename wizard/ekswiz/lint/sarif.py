"""Findings as SARIF 2.1.0, which GitHub's code scanning and most editors read.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ekswiz.lint.finding import Finding
from ekswiz.lint.judge import RULES

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(findings: Sequence[Finding], files: Sequence[str], version: str) -> dict[str, Any]:
    """One run. `files` are those that were read, or that a finding comes of; a role has none.

    GitHub's code scanning takes no result without a file: a finding that names none of them is put at the first.
    """
    held = {rule.id for rule in RULES}
    rules: list[dict[str, Any]] = [
        {
            "id": rule.id,
            "shortDescription": {"text": rule.why},
            "help": {"text": rule.fix},
            "defaultConfiguration": {"level": rule.severity},
        }
        for rule in RULES
    ]
    rules += [{"id": name} for name in sorted({each.rule for each in findings} - held)]
    places = {rule["id"]: index for index, rule in enumerate(rules)}
    driver = {"name": "ekswiz", "version": version, "rules": rules}
    results = [_result(each, places[each.rule], _file(each, files)) for each in findings]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _file(finding: Finding, files: Sequence[str]) -> str:
    """The file that a finding is in: what stands in front of the statement in `where`."""
    named = [file for file in files if finding.where == file or finding.where.startswith((f"{file}:", f"{file},"))]
    return max(named, key=len, default="".join(files[:1]))


def _result(finding: Finding, index: int, uri: str) -> dict[str, Any]:
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": finding.where}]}
    if uri:
        location["physicalLocation"] = {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": f"{finding.sentence} Fix: {finding.fix}"},
        "locations": [location],
    }
