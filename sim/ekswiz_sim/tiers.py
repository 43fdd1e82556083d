"""The tier table: which part of the world is what, and what each cannot know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ekswiz.tiers import Tiers
from ekswiz_sim import alternatives
from ekswiz_sim.aws.moto_backend import MotoBackend


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


def table(stood_in: str, chosen: Tiers, held: MotoBackend | None = None) -> list[dict[str, str]]:
    """The parts of a world whose tiers were chosen; a real tier's rows take the place of the embedded one's.

    A row of a part that the embedded tier has not goes below the one that came before it.
    """
    made = embedded(stood_in)
    at = -1
    for row in alternatives.rows(chosen, held):
        same = next((n for n, usual in enumerate(made) if usual["part"] == row["part"]), None)
        if same is None:
            at += 1
            made.insert(at, dict(row))
        else:
            at = same
            made[at] = dict(row)
    return made


def with_actions(table: Sequence[Mapping[str, str]], names: Sequence[str]) -> list[dict[str, str]]:
    """The table of a rehearsal in which these actions run their own code."""
    said = {"real": f"bash, kubectl and {', '.join(names) or 'no action'} are real; aws, docker and the rest are twins"}
    more = {**said, "chosen": "embedded + node", "why": "--actions-dir"}
    return [{**row, **more} if row["part"] == "runner" else dict(row) for row in table]
