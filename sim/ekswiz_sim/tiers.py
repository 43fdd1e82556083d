"""The tier table: which part of the world is what, and what each cannot know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def embedded(stood_in: str = "") -> list[dict[str, str]]:
    """The parts of the default tier, in the order in which a deployment meets them.

    Args:
        stood_in: Why a stand-in will take the place of the service's container; empty where it will run.
    """
    pods = ("pods", "processes", "the image's files run with this Python, not isolated", "needs no container runtime")
    if stood_in:
        pods = ("pods", "stand-in", "ports and probes are answered; the app itself does not run", stood_in)
    rows = (
        ("GitHub", "embedded", "tokens are signed and carry all of GitHub's claims", "no request leaves this machine"),
        (
            "AWS",
            "moto + gate",
            "signatures, trust, permissions and guard-rails are judged",
            "the same on every machine",
        ),
        ("registry", "embedded", "OCI protocol; every request judged as its ECR action", "the same on every machine"),
        ("images", "daemonless", "files and settings are real; FROM is recorded, RUN skipped", "needs no Docker"),
        ("Kubernetes", "embedded", "API, RBAC and controllers for real kubectl", "needs no container runtime"),
        pods,
        ("runner", "embedded", "bash and kubectl are real; aws, docker and actions are twins", "needs no Node"),
    )
    return [dict(zip(("part", "chosen", "real", "why"), row, strict=True)) for row in rows]


def with_actions(table: Sequence[Mapping[str, str]], names: Sequence[str]) -> list[dict[str, str]]:
    """The table of a rehearsal in which these actions run their own code."""
    said = {"real": f"bash, kubectl and {', '.join(names) or 'no action'} are real; aws, docker and the rest are twins"}
    more = {**said, "chosen": "embedded + node", "why": "--actions-dir"}
    return [{**row, **more} if row["part"] == "runner" else dict(row) for row in table]
