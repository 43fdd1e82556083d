"""Makes the checks, several at a time, and says each as soon as it is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, Unasked, fail, skip
from ekswiz.errors import EkswizError, Unreadable
from ekswiz.frontend import Check

WORKERS = 12
OUR_MISTAKE = "Please report it, with what EKSWIZ_TRACEBACK=1 shows."


def run(examinations: Sequence[Examination], facts: Facts) -> Iterator[Check]:
    """Every check's result, in the order in which they are known. Closing the iterator starts no more of them."""
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="ekswiz-doctor")
    try:
        for done in as_completed([pool.submit(examine, each, facts) for each in examinations]):
            yield done.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def examine(examination: Examination, facts: Facts) -> Check:
    """One check. It never fails: what goes wrong while looking is what was found."""
    found = _look(examination, facts)
    return Check(examination.id, examination.title, found.result, found.found, examination.why, found.fix)


def _look(examination: Examination, facts: Facts) -> Finding:
    try:
        return examination.look(facts)
    except Unasked as before:
        return skip(f"not looked at: {before}")
    except Unreadable as error:
        call = ": ".join(error.detail.split(": ")[:2])
        return skip(f"unknown: {call}", "Only the doctor asks for it: allow it, or leave it at that.")
    except EkswizError as error:
        return skip(f"unknown: {error.detail}", error.remedy)
    except Exception as error:  # noqa: BLE001 - one check's mistake must not hide what the others found
        return fail(f"a mistake in ekswiz: {type(error).__name__}: {error}", OUR_MISTAKE)
