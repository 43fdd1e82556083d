"""Sweep: each kind of failure once at every API operation. Transient ones are waited out, permanent ones said clearly.

The gate makes AWS's faults in each service's own codes; Kubernetes' are made here, where the client would see them.
"""

from __future__ import annotations

import json
import random
import threading
from dataclasses import dataclass
from typing import Any, Literal

from chaos.death import clean
from chaos.figures import Figures
from chaos.lab import Call, Lab, Listener
from chaos.normal import differences, normal
from ekswiz.answers import Answers
from ekswiz.errors import EkswizError, Exit
from ekswiz.frontend import exit_code
from ekswiz_sim.gate.faults import KINDS, Kind

TRANSIENT = frozenset({"throttle", "500", "503", "timeout-before", "lost-reply-after-effect", "reset"})
How = Literal["apply", "destroy"]
STATUSES: dict[str, tuple[int, str, str]] = {
    "throttle": (429, "TooManyRequests", "Too many requests, please try again later."),
    "500": (500, "InternalError", "Internal error occurred"),
    "503": (503, "ServiceUnavailable", "the server is currently unable to handle the request"),
    "ExpiredToken": (401, "Unauthorized", "Unauthorized"),
    "skew": (401, "Unauthorized", "Unauthorized"),
    "AccessDenied": (403, "Forbidden", "forbidden: the operator may not do that"),
}


class Answer:
    """A response as the client's REST layer hands it on."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        self.status = status
        self._body = {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": status}

    def read(self) -> bytes:
        return json.dumps(self._body).encode()


class OneKubernetesFault(Listener):
    """The first request of one kind meets a fault."""

    def __init__(self, operation: str, kind: str) -> None:
        super().__init__()
        self._operation = operation
        self._kind = kind
        self._guard = threading.Lock()
        self.taken = False

    def before(self, call: Call) -> Any:
        super().before(call)
        with self._guard:
            if self.taken or call.service != "kubernetes" or call.operation != self._operation:
                return None
            self.taken = self._kind != "lost-reply-after-effect"
        if not self.taken:
            return None
        if self._kind in STATUSES:
            return Answer(*STATUSES[self._kind])
        raise _broken(self._kind)

    def after(self, call: Call) -> None:
        with self._guard:
            if self.taken or call.service != "kubernetes" or call.operation != self._operation:
                return
            self.taken = True
        raise _broken("reset")


def _broken(kind: str) -> Exception:
    from urllib3.exceptions import ProtocolError, ReadTimeoutError

    if kind == "timeout-before":
        return ReadTimeoutError(None, "/", "Read timed out.")  # type: ignore[arg-type]  # as urllib3's own tests do
    return ProtocolError("Connection aborted.", ConnectionResetError(104, "Connection reset by peer"))


@dataclass(frozen=True, slots=True)
class Case:
    """One fault at the first call of one operation."""

    how: How
    service: str
    operation: str
    kind: Kind


def cases(answers: Answers) -> list[Case]:
    """Every operation of an undisturbed apply and destroy, with every kind of fault."""
    with Lab(answers) as lab:
        heard: dict[How, set[Call]] = {}
        for how in ("apply", "destroy"):
            lab.tap = listener = Listener()
            clean(lab, how)
            heard[how] = set(listener.calls)
    return [
        Case(how, call.service, call.operation, kind)
        for how, calls in heard.items()
        for call in sorted(calls, key=str)
        for kind in sorted(KINDS)
    ]


def check(answers: Answers, whole: dict[str, Any], gone: dict[str, Any], case: Case) -> str:
    """One fault, then a run without: the same world. What was said where the first run failed."""
    with Lab(answers) as lab:
        if case.how == "destroy":
            clean(lab, "apply")
        _arm(lab, case)
        code, said = _outcome(lab, case.how)
        assert _met(lab, case), "the fault was never met"
        if case.kind in TRANSIENT:
            assert code is Exit.OK, f"did not converge: {code.name}: {said}"
        else:
            # A look that only serves a warning may be denied: the plan says so before anything is done.
            warned = f"unreadable: {case.service}:{case.operation}" in said
            assert code is not Exit.OK or warned, "a permanent refusal ended as success"
            assert _clear(said, case), f"not clear: {said!r}"
            lab.gate.faults.clear()
            lab.tap = Listener()
            clean(lab, case.how)
        found = differences(whole if case.how == "apply" else gone, normal(lab.snapshot()))
        assert not found, f"{len(found)} differences: {' | '.join(found[:4])}"
        return said


def _arm(lab: Lab, case: Case) -> None:
    if case.service == "kubernetes":
        lab.tap = OneKubernetesFault(case.operation, case.kind)
    else:
        lab.gate.faults.add(case.service, case.operation, case.kind)


def _met(lab: Lab, case: Case) -> bool:
    if isinstance(lab.tap, OneKubernetesFault):
        return lab.tap.taken
    return bool(lab.gate.faults.taken) or case.kind not in TRANSIENT


def _outcome(lab: Lab, how: How) -> tuple[Exit, str]:
    """The exit code that a command would have, and everything it would say."""
    session, target = lab.session(), lab.target()
    try:
        plan = session.plan(target) if how == "apply" else session.destroy_plan(target)
        events = list(session.apply(plan, target, threading.Event()))
    except EkswizError as error:
        return error.exit_code, str(error)
    said = [e.message for e in events if e.type in ("failed", "skipped", "stopped")]
    said += [risk.sentence for change in plan.changes for risk in change.risks if "unreadable: " in risk.sentence]
    return exit_code(events, None), "; ".join(said)


def _clear(said: str, case: Case) -> bool:
    """Names what was tried (the IAM action, or the request), and why it failed."""
    if case.service == "kubernetes":
        return "cluster" in said and ("401" in said or "403" in said or "know who you are" in said)
    return f"{case.service}:{case.operation}" in said and len(said) > len(case.operation) + 20


def sweep(answers: Answers, size: int | None, seed: int, shard: tuple[int, int] = (0, 1), name: str = "") -> Figures:
    """Every fault at every operation (`size` None), or `size` of them."""
    every = cases(answers)
    operations = len({(c.how, c.service, c.operation) for c in every})
    if size is not None:
        every = random.Random(seed).sample(every, min(size, len(every)))
    with Lab(answers) as lab:
        clean(lab, "apply")
        whole = normal(lab.snapshot())
        clean(lab, "destroy")
        gone = normal(lab.snapshot())
    figures = Figures(f"faults, once per operation{name}", "transient: converges; permanent: said, resumable", seed)
    for number, case in enumerate(every):
        if number % shard[1] == shard[0]:
            with figures.case(str(case)):
                check(answers, whole, gone, case)
                figures.add("transient" if case.kind in TRANSIENT else "permanent")
    if shard[0] == 0:
        figures.add("operations", operations)
    return figures
