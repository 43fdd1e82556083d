"""Findings as SARIF 2.1.0, which GitHub's code scanning and most editors read.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ekswiz.lint.finding import Finding
from ekswiz.lint.judge import RULES

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(findings: Sequence[Finding], uri: str, version: str) -> dict[str, Any]:
    """One run. `uri` is the file that was read; a role has none, and is a logical location."""
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
    results = [_result(each, places[each.rule], uri) for each in findings]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


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
