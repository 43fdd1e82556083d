"""The guide's trust policy in a repository whose `sub` carries ids: nobody gets in, and the report says why."""

from __future__ import annotations

import json

from ekswiz_sim.scene import Scene
from rehearsal.conftest import Rehearse

ROAD = ("plan", "apply", "push")
OLD = "repo:acme/hello-eks:ref:refs/heads/main"
NEW = "repo:acme@1001/hello-eks@2002:ref:refs/heads/main"


def _as_the_guide_says(scene: Scene) -> None:
    """The guide's whole trust policy, on the role that the build job asks for."""
    issuer, iam = scene.answers.issuer, scene.world.root("iam")
    held = iam.get_role(RoleName=scene.answers.push_role)["Role"]["AssumeRolePolicyDocument"]
    held["Statement"][0]["Condition"] = {
        "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"},
        "StringLike": {f"{issuer}:sub": OLD},
    }
    iam.update_assume_role_policy(RoleName=scene.answers.push_role, PolicyDocument=json.dumps(held))


def test_the_report_says_that_sub_carries_ids_and_what_to_ask_for(rehearse: Rehearse) -> None:
    run = rehearse(stages=ROAD, interfere={"push": _as_the_guide_says})

    assert run.report["ok"] is False
    assert run.first_red == "push"
    why = run.why("push")
    assert 'job build, step "Become the push role"' in why
    assert f'is "{NEW}" where StringLike asks for "{OLD}"' in why
    assert "This repository's sub carries the ids of owner and repository" in why
    assert why.endswith(f"nobody gets in. Ask for {NEW} instead, with StringEquals.")


def test_in_a_repository_with_the_old_form_the_same_policy_lets_the_job_in(rehearse: Rehearse) -> None:
    run = rehearse(stages=ROAD, interfere={"push": _as_the_guide_says}, subject="classic")

    assert run.first_red == "none", run.text(run.first_red)
