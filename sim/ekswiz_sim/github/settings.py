"""The REST calls about a repository's settings: itself, the form of `sub`, environments, variables."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Literal

from aiohttp import web

from ekswiz_sim.github import documents
from ekswiz_sim.github.door import REPOSITORY, Call, Door, Refusal, nothing
from ekswiz_sim.github.state import Environment, Variable, now

SUBJECT_VERSION = "2026-03-10"
"""The first version of the REST API that says which form of `sub` a repository has."""
VARIABLE = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*", re.ASCII)
LARGEST = 48 * 1024
"""Bytes of a variable's value."""


def routes(door: Door) -> list[web.RouteDef]:
    """All of them."""
    subject = f"{REPOSITORY}/actions/oidc/customization/sub"
    environment = f"{REPOSITORY}/environments/{{environment}}"
    policies = f"{environment}/deployment-branch-policies"
    return [
        web.get(REPOSITORY, door.opened(_repository, public=True)),
        web.get(subject, door.opened(_subject)),
        web.put(subject, door.opened(_set_subject)),
        web.get(f"{REPOSITORY}/environments", door.opened(_environments, public=True)),
        web.get(environment, door.opened(_environment, public=True)),
        web.put(environment, door.opened(_set_environment)),
        web.delete(environment, door.opened(_delete_environment)),
        web.get(policies, door.opened(_policies, public=True)),
        web.post(policies, door.opened(_add_policy)),
        web.delete(f"{policies}/{{policy}}", door.opened(_delete_policy)),
        *_variable_routes(door, f"{REPOSITORY}/actions/variables"),
        *_variable_routes(door, f"{environment}/variables"),
    ]


def _variable_routes(door: Door, path: str) -> list[web.RouteDef]:
    one = f"{path}/{{variable}}"
    return [
        web.get(path, door.opened(_variables)),
        web.post(path, door.opened(_add_variable)),
        web.get(one, door.opened(_variable)),
        web.patch(one, door.opened(_change_variable)),
        web.delete(one, door.opened(_delete_variable)),
    ]


# ---- the repository and the form of `sub`


def _repository(call: Call) -> web.StreamResponse:
    return web.json_response(documents.repository(call.state.repository, call.base))


def _subject(call: Call) -> web.StreamResponse:
    state = call.state
    answer: dict[str, Any] = {"use_default": state.use_default, "include_claim_keys": list(state.claims)}
    if call.headers.get("X-GitHub-Api-Version", "") >= SUBJECT_VERSION:
        answer["use_immutable_subject"] = state.immutable
        form: Literal["immutable", "classic"] = "immutable" if state.immutable else "classic"
        answer["sub_claim_prefix"] = replace(state.repository, subject=form).subject_prefix
    return web.json_response(answer)


def _set_subject(call: Call) -> web.StreamResponse:
    call.need("actions")
    default = call.body.get("use_default")
    if not isinstance(default, bool):
        raise Refusal(422, 'Invalid request.\n\n"use_default" wasn\'t supplied.')
    claims = call.body.get("include_claim_keys", [])
    call.state.use_default = default
    call.state.claims = () if default else tuple(str(claim) for claim in claims)
    call.state.immutable = bool(call.body.get("use_immutable_subject", call.state.immutable))
    return web.json_response({}, status=201)


# ---- environments


def _found(call: Call) -> Environment:
    found = call.state.environment(call.path["environment"])
    if found is None:
        raise Refusal(404, "Not Found")
    return found


def _environments(call: Call) -> web.StreamResponse:
    every = list(call.state.environments.values())
    shown = [documents.environment(found, call.state, call.base) for found in call.page(every)]
    return web.json_response({"total_count": len(every), "environments": shown})


def _environment(call: Call) -> web.StreamResponse:
    return web.json_response(documents.environment(_found(call), call.state, call.base))


def _set_environment(call: Call) -> web.StreamResponse:
    call.need("administration")
    name, state = call.path["environment"], call.state
    found = state.environment(name) or Environment(state.new_id(), name, now())
    found.policy = _policy(call)
    found.wait_timer = int(call.body.get("wait_timer") or 0)
    found.prevent_self_review = bool(call.body.get("prevent_self_review"))
    found.reviewers = [_reviewer(call, one) for one in call.body.get("reviewers") or ()]
    if found.policy != "custom":
        found.branches.clear()
    state.environments[name.lower()] = found
    return web.json_response(documents.environment(found, state, call.base))


def _policy(call: Call) -> str | None:
    wanted = call.body.get("deployment_branch_policy")
    if wanted is None:
        return None
    custom = bool(wanted.get("custom_branch_policies"))
    if custom == bool(wanted.get("protected_branches")):
        said = "protected_branches and custom_branch_policies cannot have the same value."
        raise Refusal(422, f"Validation Failed: {said}")
    return "custom" if custom else "protected"


def _reviewer(call: Call, one: Any) -> dict[str, Any]:
    number = int(one["id"])
    return {"type": one["type"], "reviewer": documents.user(f"user-{number}", number, call.base)}


def _delete_environment(call: Call) -> web.StreamResponse:
    call.need("administration")
    del call.state.environments[_found(call).name.lower()]
    return nothing()


def _policies(call: Call) -> web.StreamResponse:
    every = sorted(_found(call).branches.items())
    shown = [documents.branch_policy(*one) for one in call.page(every)]
    return web.json_response({"total_count": len(every), "branch_policies": shown})


def _add_policy(call: Call) -> web.StreamResponse:
    call.need("administration")
    found, name = _found(call), call.text("name")
    if found.policy != "custom":
        raise Refusal(404, "Not Found")
    if name in found.branches.values():
        return web.Response(status=303)
    number = call.state.new_id()
    found.branches[number] = name
    return web.json_response(documents.branch_policy(number, name))


def _delete_policy(call: Call) -> web.StreamResponse:
    call.need("administration")
    number = call.path["policy"]
    if not number.isdecimal() or _found(call).branches.pop(int(number), None) is None:
        raise Refusal(404, "Not Found")
    return nothing()


# ---- variables


def _held(call: Call, level: str) -> dict[str, Variable]:
    if "environment" in call.path:
        call.need("environments" if "environments" in call.state.rights else "actions_variables", level)
        return _found(call).variables
    call.need("actions_variables", level)
    return call.state.variables


def _variables(call: Call) -> web.StreamResponse:
    every = sorted(_held(call, "read").items())
    shown = [documents.variable(*one) for one in call.page(every)]
    return web.json_response({"total_count": len(every), "variables": shown})


def _variable(call: Call) -> web.StreamResponse:
    name = call.path["variable"].upper()
    return web.json_response(documents.variable(name, _one(_held(call, "read"), name)))


def _add_variable(call: Call) -> web.StreamResponse:
    held, name, value = _held(call, "write"), call.text("name").upper(), call.text("value")
    if name in held:
        raise Refusal(409, "Already exists - Variable already exists")
    _check(name, value)
    held[name] = Variable(value, now(), now())
    return web.json_response({}, status=201)


def _change_variable(call: Call) -> web.StreamResponse:
    held, name = _held(call, "write"), call.path["variable"].upper()
    found = _one(held, name)
    renamed, value = call.text("name", name).upper(), call.text("value", found.value)
    _check(renamed, value)
    del held[name]
    held[renamed] = Variable(value, found.created_at, now())
    return nothing()


def _delete_variable(call: Call) -> web.StreamResponse:
    held, name = _held(call, "write"), call.path["variable"].upper()
    _one(held, name)
    del held[name]
    return nothing()


def _one(held: dict[str, Variable], name: str) -> Variable:
    if name not in held:
        raise Refusal(404, "Not Found")
    return held[name]


def _check(name: str, value: str) -> None:
    if not VARIABLE.fullmatch(name):
        raise Refusal(
            422,
            "Variable name can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). "
            "Spaces are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_).",
        )
    if len(value.encode()) > LARGEST:
        raise Refusal(422, "Variable value is too large. It must be smaller than 48KB.")
