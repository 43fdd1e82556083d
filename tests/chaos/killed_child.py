"""A process of ekswiz for `real_death.py`: plans, applies or destroys over HTTP, and may send itself SIGKILL."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from ekswiz.answers import Answers
from ekswiz.errors import Locked
from ekswiz.risks import KINDS
from ekswiz.session import Session
from ekswiz_sim.sim_target import Doorway, make_target

READS = ("Get", "List", "Describe")


class Killer:
    """Counts changing calls and dies at one of them."""

    def __init__(self, count: int, when: str) -> None:
        self._left, self._when, self._guard = count, when, threading.Lock()

    def before(self, event_name: str, **_: Any) -> None:
        self._moment("before", event_name)

    def after(self, event_name: str, **_: Any) -> None:
        self._moment("after", event_name)

    def _moment(self, when: str, event_name: str) -> None:
        if when != self._when or event_name.rpartition(".")[2].startswith(READS):
            return
        with self._guard:
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self._left -= 1


def main(facts: dict[str, Any]) -> int:
    """Exit code 0: all went well; 3: another run holds the lock; 1: anything else."""
    answers = Answers(**facts["answers"])
    doorway = Doorway("aws", answers.account, answers.region, facts["url"], "")
    target = make_target(doorway, facts["keys"], Path(facts["checkout"]))
    killer = Killer(facts["count"], facts["when"])
    for service in ("iam", "ecr", "eks"):
        target.aws(service).meta.events.register("before-send", killer.before)
        target.aws(service).meta.events.register("after-call", killer.after)
    session = Session(
        answers, delete_images=True, take_over=facts.get("take_over", False), state_dir=Path(facts["home"]) / "state",
        allow_risks=frozenset(kind.id for kind in KINDS if kind.consent),
    )  # fmt: skip
    plan = session.plan(target) if facts["how"] == "apply" else session.destroy_plan(target)
    try:
        bad = [e for e in session.apply(plan, target, threading.Event()) if e.type in ("failed", "skipped", "stopped")]
    except Locked as held:
        sys.stdout.write(str(held))
        return 3
    sys.stdout.write("; ".join(f"{e.address}: {e.message}" for e in bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
