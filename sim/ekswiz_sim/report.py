"""The report of a rehearsal, version 1: the same facts for people, CI and other programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ekswiz_sim.rehearsal import Outcome
    from ekswiz_sim.scene import Scene

VERSION = 1


def schema() -> dict[str, Any]:
    """The published JSON Schema (2020-12) of the report."""
    text = files("ekswiz_sim").joinpath("data/report.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def build(scene: Scene | None, outcomes: Sequence[Outcome], leftovers: Sequence[str]) -> dict[str, Any]:
    """The report of what happened so far; `ok` only if every stage passed and nothing is left."""
    cells = scene.matrix if scene else []
    ok = bool(outcomes) and all(o.ok for o in outcomes) and not leftovers and all(cell["ok"] for cell in cells)
    return {
        "version": VERSION,
        "ok": ok,
        "subject": _subject(scene),
        "tiers": list(scene.tiers) if scene else [],
        "plan": scene.plan.to_json() if scene and scene.plan else None,
        "stages": [
            {"id": o.id, "ok": o.ok, "skipped": o.skipped, "seconds": round(o.seconds, 3), "why": o.why, "log": o.log}
            for o in outcomes
        ],
        "http": dict(scene.http) if scene and scene.http else None,
        "image": dict(scene.image) if scene and scene.image else None,
        "matrix": list(cells),
        "decisions": dict(scene.decisions) if scene and scene.decisions else {"allowed": 0, "denied": 0},
        "leftovers": list(leftovers),
        "findings": [dict(row) for row in scene.findings] if scene else [],
    }


def _subject(scene: Scene | None) -> Mapping[str, str]:
    if scene is None:
        return {"repository": "", "ref": "", "commit": ""}
    answers, occasion = scene.answers, scene.occasion
    pushed = occasion.branch if occasion.event in ("push", "workflow_dispatch") else ""
    return {
        "repository": f"{answers.owner}/{answers.repo}",
        "ref": f"refs/heads/{pushed or answers.branch}",
        "commit": scene.commit,
    }
