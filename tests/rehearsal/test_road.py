"""The whole road: every stage green, every cell of the matrix as meant and decided where it should be."""

from __future__ import annotations

import json

import jsonschema
import pytest

from ekswiz import intent
from ekswiz_sim import report
from ekswiz_sim.stages import STAGES
from rehearsal.worlds import Run, rehearsed

# Where a denial in this column is decided, for those who hold a role; without one it is the role's own denial.
LAYERS = {
    "assume-push": {"token", "trust"},
    "assume-deploy": {"token", "trust"},
    "push-image": {"permission", "registry"},
    "push-other-repository": {"permission", "registry"},
    "read-other-repository": {"permission"},
    "deploy": {"entry", "rbac"},
    "read-secrets": {"entry", "rbac"},
    "deploy-elsewhere": {"entry", "rbac"},
    "delete-cluster": {"permission"},
    "change-iam": {"permission"},
}
FLAWED = {"fork-pull-request", "expired-token", "foreign-key", "wrong-audience"}
"""Rows whose token, and no policy, is what is wrong."""


@pytest.fixture(scope="module", params=["environment", "reusable-workflow"])
def green(request: pytest.FixtureRequest) -> Run:
    """The road with an environment around the deploy job, and where the repository's plan has none."""
    return rehearsed() if request.param == "environment" else rehearsed(environment=None)


def test_every_stage_is_green_and_nothing_is_left(green: Run) -> None:
    assert green.report["ok"], [s for s in green.report["stages"] if not s["ok"]]
    assert [s["id"] for s in green.report["stages"]] == ["world", *(stage.id for stage in STAGES), "down"]
    assert green.report["leftovers"] == []


def test_the_service_answers_with_the_commit_and_the_digest_that_were_pushed(green: Run) -> None:
    said = json.loads(green.report["http"]["body"])

    assert green.report["http"]["status"] == 200
    assert said == {"commit": green.report["subject"]["commit"], "image": green.report["image"]["digest"]}


def test_the_matrix_is_whole_and_every_cell_is_as_meant(green: Run) -> None:
    cells = green.cells(wrong=False)

    assert len({row for row, _ in cells}) >= 10
    assert {column for _, column in cells} == {column.id for column in intent.columns()}
    assert len(cells) == len({row for row, _ in cells}) * len(intent.columns())
    assert green.cells(wrong=True) == {}
    assert {cell["got"] for cell in cells.values()} == {"yes", "no"}


def test_each_denial_is_decided_at_a_layer_that_can(green: Run) -> None:
    for (row, column), cell in green.cells(wrong=False).items():
        if cell["got"] == "no" and cell["tried"]:
            assert cell["layer"] in LAYERS[column], cell
        if cell["got"] == "no" and not cell["tried"]:
            assert cell["layer"] in {"token", "trust"}, cell
        if row in FLAWED:
            assert cell["layer"] == "token", cell
        assert cell["why"], cell


def test_a_denied_trust_names_the_claim_with_both_values(green: Run) -> None:
    cells = green.cells(wrong=False)
    said = {row: cells[row, "assume-push"]["why"] for row in ("other-branch", "other-repository", "deploy-job")}

    for row, why in said.items():
        assert "token.actions.githubusercontent.com:" in why, row
        assert '" where StringEquals asks for "' in why, row
    assert "refs/heads/ekswiz-probe" in said["other-branch"]


def test_the_report_fits_its_schema(green: Run) -> None:
    jsonschema.validate(json.loads(json.dumps(green.report)), report.schema())
