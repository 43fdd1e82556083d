"""Every call that ekswiz makes, and every answer that the simulator gives, as GitHub's OpenAPI description has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from conformance.github_openapi import Description, description
from ekswiz_sim.github import code, settings
from ekswiz_sim.github.door import Door, Handler
from ekswiz_sim.github.state import EVERY_RIGHT
from unit.engine.fakes import ANSWERS
from unit.github_api.place import BY_REQUEST, Place, failed, served

REPO = "/repos/acme/payments-api"
SHA = "0" * 40
EXPLAINED = ("422 said /status: GitHub has no such member",)
"""Differences that are GitHub's: its errors of validation say their status, too, which its description leaves out."""


@dataclass(frozen=True)
class Exchange:
    """One call with its answer."""

    method: str
    path: str
    template: str
    asked: Any
    status: int
    said: Any


@pytest.fixture(scope="module")
def github() -> Description:
    return description()


@pytest.fixture
def heard(tmp_path: Path, github: Description) -> Iterator[tuple[Place, list[Exchange]]]:
    """A repository, and everything that was said to it and by it."""
    exchanges: list[Exchange] = []

    @web.middleware
    async def listen(request: web.Request, handler: Handler) -> web.StreamResponse:
        body = await request.read()
        answer = await handler(request)
        said = json.loads(answer.body) if isinstance(answer, web.Response) and answer.body else None  # type: ignore[arg-type]
        exchanges.append(
            Exchange(
                request.method, request.path, github.template(request.path),
                json.loads(body) if body and body != b"null" else None, answer.status, said,
            )
        )  # fmt: skip
        return answer

    with served(ANSWERS, tmp_path, listen) as place:
        yield place, exchanges


def wrong(github: Description, exchanges: list[Exchange]) -> list[str]:
    """What does not fit, in words."""
    found = []
    for one in exchanges:
        name = f"{one.method} {one.template} {one.status}"
        if one.status < 400:  # what is refused may be wrong on purpose
            found += [f"{name} asked {what}" for what in github.wrong_in_request(one.method, one.template, one.asked)]
        found += [
            f"{name} said {what}" for what in github.wrong_in_answer(one.method, one.template, one.status, one.said)
        ]
    return sorted({one for one in found if not one.endswith(EXPLAINED)})


def test_all_that_a_stack_says_and_hears_fits(github: Description, heard: tuple[Place, list[Exchange]]) -> None:
    place, exchanges = heard
    place.state.use_default, place.state.claims = False, ("repo",)
    assert failed(place.apply(BY_REQUEST)) == []
    production = place.state.environments["production"]
    production.branches[77], production.wait_timer = "release/*", 5
    production.reviewers = [{"type": "User", "reviewer": _user(place)}]
    place.state.variables.popitem()
    place.state.git.heads["ekswiz/payments"] = place.state.git.heads["main"]
    assert failed(place.apply(BY_REQUEST)) == []
    production.policy = "protected"
    place.state.rules["main"] = [{"type": "deletion", "ruleset_source_type": "Repository", "ruleset_id": 1}]
    assert failed(place.apply(BY_REQUEST)) == []
    place.state.merge_open()
    place.plan(BY_REQUEST)
    assert failed(place.apply(replace(BY_REQUEST, cluster="another"))) == []
    assert failed(place.destroy(replace(BY_REQUEST, cluster="another"))) == []

    assert wrong(github, exchanges) == []
    assert len({(one.method, one.template) for one in exchanges}) >= 20


def _user(place: Place) -> dict[str, Any]:
    from ekswiz_sim.github.documents import user

    return user("mira", 7, f"http://127.0.0.1:{place.port}")


CALLS = [
    ("GET", "", None),
    ("GET", "/environments", None),
    ("PUT", "/environments/production", None),
    (
        "PUT",
        "/environments/x",
        {"deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": True}},
    ),
    ("GET", "/environments/production", None),
    ("GET", "/environments/none", None),
    ("GET", "/environments/none/variables", None),
    ("POST", "/environments/production/variables", {"name": "one", "value": "1"}),
    ("POST", "/environments/production/variables", {"name": "one", "value": "1"}),
    ("POST", "/environments/production/variables", {"name": "GITHUB_x", "value": "1"}),
    ("POST", "/environments/production/variables", {"name": "big", "value": "x" * 50_000}),
    ("POST", "/environments/production/variables", {"name": "one"}),
    ("GET", "/environments/production/variables/ONE", None),
    ("PATCH", "/environments/production/variables/ONE", {"value": "2"}),
    ("DELETE", "/environments/production/variables/ONE", None),
    ("DELETE", "/environments/production/variables/ONE", None),
    ("POST", "/environments/production/deployment-branch-policies", {"name": "main"}),
    (
        "PUT",
        "/environments/y",
        {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}},
    ),
    ("POST", "/environments/y/deployment-branch-policies", {"name": "main", "type": "branch"}),
    ("POST", "/environments/y/deployment-branch-policies", {"name": "main", "type": "branch"}),
    ("DELETE", "/environments/y/deployment-branch-policies/1", None),
    ("DELETE", "/environments/production", None),
    ("GET", "/actions/variables/NONE", None),
    ("PUT", "/actions/oidc/customization/sub", {"use_default": False, "include_claim_keys": ["repo", "context"]}),
    ("PUT", "/actions/oidc/customization/sub", {}),
    ("GET", "/actions/oidc/customization/sub", None),
    ("GET", "/branches/main", None),
    ("GET", "/branches/none", None),
    ("GET", "/rules/branches/main", None),
    ("GET", "/contents/README.md", None),
    ("GET", "/contents/../../etc/passwd", None),
    ("GET", "/contents/none", None),
    ("GET", "/git/ref/heads/main", None),
    ("GET", "/git/ref/heads/none", None),
    ("POST", "/git/refs", {"ref": "refs/heads/a", "sha": SHA}),
    ("POST", "/git/refs", {"ref": "a", "sha": SHA}),
    ("PATCH", "/git/refs/heads/main", {"sha": SHA}),
    ("DELETE", "/git/refs/heads/none", None),
    ("GET", f"/git/commits/{SHA}", None),
    ("POST", "/git/commits", {"message": "x", "tree": SHA}),
    ("POST", "/git/trees", {"tree": []}),
    ("POST", "/git/trees", {"tree": [{"path": "../x", "content": "1"}]}),
    ("POST", "/git/trees", {"base_tree": SHA, "tree": [{"path": "x", "content": "1"}]}),
    ("PUT", "/contents/x", {"message": "x", "content": "eA==", "branch": "none"}),
    ("GET", "/pulls", None),
    ("GET", "/pulls/1", None),
    ("PATCH", "/pulls/x", {"state": "closed"}),
    ("POST", "/pulls", {"title": "x", "head": "none", "base": "main"}),
    ("POST", "/pulls", {"title": "x", "head": "main", "base": "main"}),
]


def test_single_calls_and_refusals_fit(github: Description, heard: tuple[Place, list[Exchange]]) -> None:
    place, exchanges = heard
    client = place.target().github()
    for method, path, body in CALLS:
        client.call(method, f"{REPO}{path}", body)
    place.state.rights = EVERY_RIGHT - {"actions_variables", "contents"}
    client.call("GET", f"{REPO}/actions/variables")
    client.call("POST", f"{REPO}/git/refs", {"ref": "refs/heads/a", "sha": SHA})
    place.target(token="ghp_wrong").github().call("GET", REPO)
    client.call("GET", "/repos/acme/none")

    assert {one.status for one in exchanges} >= {200, 201, 204, 401, 403, 404, 409, 422}
    assert wrong(github, exchanges) == []


def test_every_route_of_the_simulator_is_one_of_githubs(github: Description) -> None:
    door = Door({}, "")
    routes = [*settings.routes(door), *code.routes(door)]
    assert len(routes) >= 35
    for route in routes:
        path = route.path.replace(":.+", "")
        template = github.template(path.replace("{", "").replace("}", ""))
        assert route.method.lower() in github.methods(template), f"{route.method} {path}"
