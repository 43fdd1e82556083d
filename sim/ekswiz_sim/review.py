"""A second pair of eyes: what is wrong with a workflow, and with the roles that it asks for, whether or not it runs.

The surprising thing: the worst mistakes of this field leave the run green. A variable that is empty deploys an image
without a name; a role that may do everything never fails. So they are looked for, not waited for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ekswiz.events import Event
from ekswiz.workflow.finding import Expectations
from ekswiz.workflow.lint import lint
from ekswiz.workflow.model import Workflow
from ekswiz.workflow.parse import decode, parse
from ekswiz_sim import by_hand
from ekswiz_sim.images import reference
from ekswiz_sim.kubernetes.embedded import kinds
from ekswiz_sim.scene import Scene, Verdict

Row = Mapping[str, str]
LEVELS = {"info": "note"}
"""The two linters' words for the least of severities."""


def read(scene: Scene) -> Workflow:
    """The workflow of the occasion, from the checkout.

    Raises:
        InputError: It cannot be read.
    """
    path = scene.workflow
    return parse(decode((scene.checkout / path).read_bytes(), path), path)


def of_workflow(scene: Scene) -> list[Row]:
    """The findings of the workflow's own lint."""
    answers = scene.answers
    jobs = {"build": None, "deploy": answers.environment} if answers.environment else {"build": None}
    ours = scene.workflow == answers.workflow and scene.occasion.workflow is None
    expected = Expectations(answers.branch, jobs if ours else {})
    return [
        {
            "rule": one.id,
            "severity": LEVELS.get(one.severity, one.severity),
            "where": f"{scene.workflow}:{one.position.line}:{one.position.column}",
            "sentence": one.sentence,
            "fix": one.fix,
        }
        for one in lint(read(scene), expected)
    ]


def of_roles(scene: Scene, names: list[str]) -> list[Row]:
    """The findings on roles of the account."""
    if not names:
        return []
    from ekswiz.access.see import see  # only a foreign workflow's roles are looked at

    target = replace(scene.target, aws=scene.world.root)
    found = see(target, scene.answers, names, ask_aws=False).findings
    return [
        {"rule": one.rule, "severity": one.severity, "where": one.where, "sentence": one.sentence, "fix": one.fix}
        for one in found
    ]


def review(scene: Scene, verdict: Verdict) -> Iterator[Event]:
    """Read the workflow that was named, and the roles that it asks for. Red where something in them is an error."""
    prepare(scene)
    workflow = read(scene)
    scene.findings = [*of_workflow(scene), *of_roles(scene, by_hand.roles(workflow, scene.secrets, scene.variables))]
    yield from ()
    counts = {level: sum(row["severity"] == level for row in scene.findings) for level in ("error", "warning", "note")}
    said = ", ".join(f"{count} {level}{'s' if count > 1 else ''}" for level, count in counts.items() if count)
    listed = [line(row) for row in scene.findings]
    verdict.explained = True
    if counts["error"]:
        first = next(row for row in scene.findings if row["severity"] == "error")
        verdict.failed(f"{said}; first: {first['where']}: {first['sentence']}", lines=listed)
    else:
        verdict.passed(said or "nothing to say", lines=listed)


def line(row: Row) -> str:
    """One finding on one line."""
    return f"{row['severity']:<8}{row['rule']}  {row['where']}: {row['sentence']} {row['fix']}"


def nameless(scene: Scene) -> str:
    """A Deployment whose image cannot be one, as a sentence: Kubernetes takes any text, and the job stays green."""
    for one in scene.world.objects(scene.answers.cluster, kinds.DEPLOYMENTS):
        for container in one["spec"]["template"]["spec"]["containers"]:
            try:
                reference.parse(container.get("image", ""))
            except reference.BadReference:
                where = f"{one['metadata']['namespace']}/{one['metadata']['name']}"
                return f"Deployment {where} has the image {container.get('image', '')!r}, which names no image"
    return ""


def prepare(scene: Scene) -> None:
    """Put a foreign workflow in its place, and make what its secrets name where nobody said what they are."""
    from ekswiz_sim import occasions  # a foreign workflow only

    if scene.occasion.workflow is None:
        return
    scene.workflow = occasions.place(scene.occasion, scene.source, scene.checkout)
    workflow = read(scene)
    wanted = by_hand.missing(workflow, "secrets", scene.secrets)
    scene.secrets = {**scene.secrets, **by_hand.filled(wanted, scene.answers)}
    wanted = by_hand.missing(workflow, "vars", scene.variables)
    scene.variables = {**scene.variables, **by_hand.filled(wanted, scene.answers)}
    if by_hand.ROLE in by_hand.roles(workflow, scene.secrets, scene.variables):
        by_hand.plant(scene.world, by_hand.repositories(workflow))
