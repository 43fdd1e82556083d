"""ECR's two documents on a repository: the resource policy and the lifecycle policy.

Lifecycle rules are checked as ECR checks them and kept; nothing expires in a rehearsal.
Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ekswiz_sim.aws.ecr_state import Answer, Params, Repository, State
from ekswiz_sim.aws.ecr_validation import invalid
from ekswiz_sim.seams import ServiceError

COUNTS = {"imageCountMoreThan": False, "sinceImagePushed": True, "sinceImagePulled": True}
"""countType, and whether it takes a countUnit."""


def set_policy(state: State, params: Params) -> Answer:
    """SetRepositoryPolicy."""
    repository = state.repository(params)
    if not _is_policy(_json(params["policyText"])):
        raise invalid("PolicyText", "Invalid repository policy provided")
    repository.policy = params["policyText"]
    return _policy(state, repository)


def get_policy(state: State, params: Params) -> Answer:
    """GetRepositoryPolicy."""
    return _policy(state, _with_policy(state, params))


def delete_policy(state: State, params: Params) -> Answer:
    """DeleteRepositoryPolicy."""
    repository = _with_policy(state, params)
    answer = _policy(state, repository)
    repository.policy = None
    return answer


def put_lifecycle(state: State, params: Params) -> Answer:
    """PutLifecyclePolicy."""
    repository = state.repository(params)
    for complaint in _lifecycle(_json(params["lifecyclePolicyText"])):
        raise invalid("LifecyclePolicyText", f"Lifecycle policy validation failure: {complaint}")
    repository.lifecycle = params["lifecyclePolicyText"]
    return {**_names(state, repository), "lifecyclePolicyText": repository.lifecycle}


def get_lifecycle(state: State, params: Params) -> Answer:
    """GetLifecyclePolicy."""
    repository = _with_lifecycle(state, params)
    return {**_names(state, repository), "lifecyclePolicyText": repository.lifecycle}


def delete_lifecycle(state: State, params: Params) -> Answer:
    """DeleteLifecyclePolicy."""
    repository = _with_lifecycle(state, params)
    answer = {**_names(state, repository), "lifecyclePolicyText": repository.lifecycle}
    repository.lifecycle = None
    return answer


def for_evaluation(repository: Repository) -> Answer | None:
    """The resource policy as an evaluator wants it: ECR's statements mean their own repository, so it is named."""
    if repository.policy is None:
        return None
    document = json.loads(repository.policy)
    return {**document, "Statement": [{"Resource": repository.arn, **one} for one in _statements(document)]}


def _with_policy(state: State, params: Params) -> Repository:
    repository = state.repository(params)
    if repository.policy is None:
        raise _absent("RepositoryPolicyNotFoundException", "Repository policy", repository, state)
    return repository


def _with_lifecycle(state: State, params: Params) -> Repository:
    repository = state.repository(params)
    if repository.lifecycle is None:
        raise _absent("LifecyclePolicyNotFoundException", "Lifecycle policy", repository, state)
    return repository


def _absent(code: str, what: str, repository: Repository, state: State) -> ServiceError:
    where = f"the repository with name '{repository.name}' in the registry with id '{state.account}'"
    return ServiceError(code, f"{what} does not exist for {where}")


def _names(state: State, repository: Repository) -> Answer:
    return {"registryId": state.account, "repositoryName": repository.name}


def _policy(state: State, repository: Repository) -> Answer:
    return {**_names(state, repository), "policyText": repository.policy}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _statements(document: Answer) -> list[Any]:
    statements = document.get("Statement")
    return statements if isinstance(statements, list) else [statements]


def _is_policy(document: Any) -> bool:
    if not isinstance(document, dict) or document.get("Version", "2008-10-17") not in {"2008-10-17", "2012-10-17"}:
        return False
    return all(_is_statement(one) for one in _statements(document))


def _is_statement(statement: Any) -> bool:
    return (
        isinstance(statement, dict)
        and statement.get("Effect") in {"Allow", "Deny"}
        and len({"Principal", "NotPrincipal"} & statement.keys()) == 1
        and len({"Action", "NotAction"} & statement.keys()) == 1
    )


def _lifecycle(document: Any) -> Iterator[str]:
    rules = document.get("rules") if isinstance(document, dict) else None
    if not isinstance(rules, list) or not rules or not all(isinstance(one, dict) for one in rules):
        yield "object has missing required properties (['rules'])"
        return
    for number, rule in enumerate(rules):
        yield from (f"rules[{number}]: {complaint}" for complaint in _rule(rule))
    priorities = [rule.get("rulePriority") for rule in rules]
    if len(set(map(str, priorities))) != len(priorities):
        yield "rulePriority must be unique"
    for rule in rules:
        if rule["selection"]["tagStatus"] == "any" and rule["rulePriority"] != max(priorities):
            yield "a rule with tagStatus 'any' must have the highest rulePriority"


def _rule(rule: Answer) -> Iterator[str]:
    priority, selection = rule.get("rulePriority"), rule.get("selection")
    if isinstance(priority, bool) or not isinstance(priority, int) or priority < 1:
        yield "rulePriority must be an integer of at least 1"
    if rule.get("action") != {"type": "expire"}:
        yield "action must be {'type': 'expire'}"
    if not isinstance(selection, dict):
        yield "object has missing required properties (['selection'])"
        return
    yield from _selection(selection)


def _selection(selection: Answer) -> Iterator[str]:
    status, kind, number = selection.get("tagStatus"), selection.get("countType"), selection.get("countNumber")
    named = [key for key in ("tagPrefixList", "tagPatternList") if selection.get(key)]
    if status not in {"tagged", "untagged", "any"}:
        yield "tagStatus must be one of ['any', 'tagged', 'untagged']"
    if (status == "tagged") != (len(named) == 1):
        yield "exactly one of tagPrefixList and tagPatternList belongs to tagStatus 'tagged' and to no other"
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        yield "countNumber must be an integer of at least 1"
    if kind not in COUNTS:
        yield f"countType must be one of {sorted(COUNTS)}"
    elif selection.get("countUnit") != ("days" if COUNTS[kind] else None):
        yield f"countUnit 'days' {'is required' if COUNTS[kind] else 'is not allowed'} with countType '{kind}'"
