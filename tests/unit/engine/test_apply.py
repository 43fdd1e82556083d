import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from ekswiz.engine.apply import apply
from ekswiz.engine.journal import FileJournal
from ekswiz.engine.planner import Consent, plan
from ekswiz.errors import Conflict, Refused, StalePlan, TargetError, Transient, Unreadable
from ekswiz.events import Event
from ekswiz.plan import Action, Plan, Ref
from ekswiz.resource import Live
from ekswiz.target import Target
from unit.engine.fakes import Fake, Shop, Thing, VirtualClock, bare_target


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[FileJournal]:
    journal = FileJournal.open(tmp_path / "j.jsonl", "payments")
    yield journal
    journal.close()


def run(
    desired: Sequence[Fake],
    journal: FileJournal,
    *,
    made: Plan | None = None,
    stop: threading.Event | None = None,
    clock: VirtualClock | None = None,
    consent: Consent | None = None,
) -> list[Event]:
    target = bare_target(clock)
    made = made or plan(target, desired, "payments", consent=consent or Consent())
    return list(apply(made, desired, target, journal, stop or threading.Event()))


def kinds(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.type, event.address) for event in events]


def chain(shop: Shop) -> list[Fake]:
    first = Fake(shop, "fake.a")
    second = Fake(shop, "fake.b", Thing(other=Ref("fake.a", "id")), needs=("fake.a",))
    return [first, second, Fake(shop, "fake.c", needs=("fake.b",))]


def test_needs_come_first_and_their_outputs_are_handed_on(shop: Shop, journal: FileJournal) -> None:
    events = run(chain(shop), journal)
    assert [address for type_, address in kinds(events) if type_ == "applied"] == ["fake.a", "fake.b", "fake.c"]
    assert shop.things["fake.b"].attributes.other == shop.things["fake.a"].outputs["id"]
    assert set(journal.created()) == {"fake.a", "fake.b", "fake.c"}
    assert journal.pending() == {}


def test_a_second_apply_does_nothing(shop: Shop, journal: FileJournal) -> None:
    desired = chain(shop)
    run(desired, journal)
    shop.calls.clear()
    assert run(desired, journal) == []
    assert {verb for verb, _ in shop.calls} == {"read"}


def test_independent_changes_run_at_once(shop: Shop, journal: FileJournal) -> None:
    together = threading.Barrier(4, timeout=10)
    shop.hook = lambda verb, address: together.wait() if verb == "create" else None
    events = run([Fake(shop, f"fake.{n}") for n in range(4)], journal)
    assert sum(event.type == "applied" for event in events) == 4


def test_an_error_skips_its_dependants_and_nothing_else(shop: Shop, journal: FileJournal) -> None:
    shop.fail["create", "fake.b"] = [Refused("x:Make is denied.", "Ask for it.")]
    events = run([*chain(shop), Fake(shop, "fake.free")], journal)
    assert ("failed", "fake.b") in kinds(events)
    assert ("skipped", "fake.c") in kinds(events)
    assert ("applied", "fake.free") in kinds(events)
    failed = next(event for event in events if event.type == "failed")
    assert failed.message == "Denied: x:Make is denied. Ask for it."
    assert "fake.b" not in journal.pending()


def test_an_unforeseen_error_is_reported_with_its_change(shop: Shop, journal: FileJournal) -> None:
    shop.fail["create", "fake.a"] = [ValueError("what")]
    events = run([Fake(shop, "fake.a")], journal)
    assert events[-1].type == "failed"
    assert events[-1].message == "ValueError: what"


def test_the_intent_is_written_before_the_call_and_the_end_after_it(shop: Shop, journal: FileJournal) -> None:
    seen = []
    shop.hook = lambda verb, address: seen.append(set(journal.pending())) if verb == "create" else None
    run([Fake(shop, "fake.a")], journal)
    assert seen == [{"fake.a"}]
    assert journal.pending() == {}


def test_a_stop_finishes_what_is_in_flight_and_starts_nothing_else(shop: Shop, journal: FileJournal) -> None:
    stop, inside = threading.Event(), threading.Event()

    def hook(verb: str, address: str) -> None:
        if verb == "create":
            stop.set()
            inside.set()

    shop.hook = hook
    events = run(chain(shop), journal, stop=stop)
    assert inside.is_set()
    assert kinds(events) == [
        ("started", "fake.a"),
        ("applied", "fake.a"),
        ("stopped", "fake.b"),
        ("stopped", "fake.c"),
    ]
    assert set(journal.created()) == {"fake.a"}


def test_a_stop_before_the_start_changes_nothing(shop: Shop, journal: FileJournal) -> None:
    stop = threading.Event()
    stop.set()
    events = run(chain(shop), journal, stop=stop)
    assert {event.type for event in events} == {"stopped"}
    assert shop.things == {}


def test_a_stop_while_waiting_for_a_retry_detaches_and_leaves_the_intent_open(shop: Shop, journal: FileJournal) -> None:
    stop, clock = threading.Event(), VirtualClock()
    clock.on_wait = stop.set
    shop.fail["create", "fake.a"] = [Transient("IAM does not see it yet.")] * 9
    events = run([Fake(shop, "fake.a")], journal, stop=stop, clock=clock)
    assert [event.type for event in events] == ["started", "progress", "stopped"]
    assert "fake.a" in journal.pending()


def test_a_front_end_that_goes_away_stops_the_run(shop: Shop, journal: FileJournal) -> None:
    desired = chain(shop)
    target = bare_target()
    events = apply(plan(target, desired, "payments"), desired, target, journal, threading.Event())
    assert next(events).type == "started"
    events.close()
    assert set(shop.things) == {"fake.a"}


def test_transient_errors_are_waited_for_and_explained(shop: Shop, journal: FileJournal) -> None:
    clock = VirtualClock()
    shop.fail["create", "fake.a"] = [Transient("IAM does not see the provider yet.")] * 3
    events = run([Fake(shop, "fake.a")], journal, clock=clock)
    assert [event.type for event in events] == ["started", "progress", "progress", "progress", "applied"]
    assert "IAM does not see the provider yet." in events[1].message
    assert len(clock.waits) == 3


def test_waiting_is_bounded_and_then_the_outcome_is_left_open(shop: Shop, journal: FileJournal) -> None:
    clock = VirtualClock()
    shop.fail["create", "fake.a"] = [Transient("no answer.", within=60.0)] * 500
    events = run([Fake(shop, "fake.a")], journal, clock=clock)
    assert events[-1].type == "failed"
    assert 59 <= sum(clock.waits) <= 61
    assert max(clock.waits) <= 10
    assert "fake.a" in journal.pending()


def test_a_lost_reply_is_found_out_by_looking(shop: Shop, journal: FileJournal) -> None:
    fake = Fake(shop, "fake.a")

    def lose_the_reply(verb: str, address: str) -> None:
        if verb == "create" and not shop.things:
            fake.put(Thing())
            raise Transient("no answer (ReadTimeoutError).")

    shop.hook = lose_the_reply
    events = run([fake], journal)
    assert events[-1].type == "applied"
    assert journal.created() == {"fake.a": "id-1"}
    assert [call for call in shop.calls if call[0] == "create"] == [("create", "fake.a")] * 2


def test_a_lost_reply_of_other_attributes_is_brought_to_what_is_desired(shop: Shop, journal: FileJournal) -> None:
    fake = Fake(shop, "fake.a", Thing(size=2))

    def half(verb: str, address: str) -> None:
        if verb == "create" and not shop.things:
            fake.put(Thing(size=1))

    shop.hook = half
    assert run([fake], journal)[-1].type == "applied"
    assert shop.things["fake.a"].attributes.size == 2


def test_a_foreign_object_that_appears_meanwhile_is_not_touched(shop: Shop, journal: FileJournal) -> None:
    fake = Fake(shop, "fake.a", Thing(size=2))
    shop.hook = lambda verb, address: fake.put(Thing(size=1), "another") if verb == "create" else None
    events = run([fake], journal)
    assert events[-1].type == "failed"
    assert events[-1].message.startswith("Already exists")
    assert shop.things["fake.a"].attributes.size == 1
    assert journal.created() == {}


def test_a_foreign_object_is_a_conflict_and_its_dependants_are_skipped(shop: Shop, journal: FileJournal) -> None:
    desired = chain(shop)
    desired[0].put(Thing(size=9), None)
    events = run(desired, journal)
    assert kinds(events) == [("failed", "fake.a"), ("skipped", "fake.b"), ("skipped", "fake.c")]
    assert "--adopt" in events[0].message
    assert shop.things["fake.a"].attributes.size == 9


def test_an_adopted_object_is_changed_and_remembered(shop: Shop, journal: FileJournal) -> None:
    desired = chain(shop)
    desired[0].put(Thing(size=9), None)
    run(desired, journal, consent=Consent(adopt=True))
    assert shop.things["fake.a"].attributes.size == 1
    assert journal.adopted() == {"fake.a": "id-1"}
    assert "fake.a" not in journal.created()


def test_an_unreadable_object_is_skipped_with_its_dependants(shop: Shop, journal: FileJournal) -> None:
    shop.fail["read", "fake.a"] = [Unreadable("x:Get is denied."), Unreadable("x:Get is denied.")]
    events = run(chain(shop), journal)
    assert {event.type for event in events} == {"skipped"}
    assert shop.things == {}


@pytest.mark.parametrize("what", ["appeared", "is gone", "has changed"])
def test_a_stale_plan_is_refused_with_what_moved(shop: Shop, journal: FileJournal, what: str) -> None:
    fake = Fake(shop, "fake.a", Thing(size=2))
    if what != "appeared":
        fake.put(Thing(size=1))
    made = plan(bare_target(), [fake], "payments")
    if what == "is gone":
        shop.things.clear()
    else:
        fake.put(Thing(size=7))
    with pytest.raises(StalePlan, match=f"fake.a .*{what}"):
        run([fake], journal, made=made)
    assert {verb for verb, _ in shop.calls} == {"read"}


def test_a_plan_for_another_account_is_refused(shop: Shop, journal: FileJournal) -> None:
    import dataclasses

    desired = [Fake(shop, "fake.a")]
    made = dataclasses.replace(plan(bare_target(), desired, "payments"), account="999999999999")
    with pytest.raises(StalePlan, match="999999999999"):
        run(desired, journal, made=made)


def test_a_plan_with_an_unknown_address_is_refused(shop: Shop, journal: FileJournal) -> None:
    made = plan(bare_target(), [Fake(shop, "fake.a")], "payments")
    with pytest.raises(StalePlan, match="not part of this stack"):
        run([Fake(shop, "fake.b")], journal, made=made)


def test_replacing_deletes_first_and_waits_until_it_is_gone(shop: Shop, journal: FileJournal) -> None:
    fake = Fake(shop, "fake.a", Thing(size=2), replaces=frozenset({"size"}))
    fake.put(Thing(size=1))
    assert run([fake], journal)[-1].type == "applied"
    changing = [verb for verb, _ in shop.calls if verb != "read"]
    assert changing == ["delete", "create"]
    assert journal.created() == {"fake.a": "id-2"}


class Lingering(Fake):
    """A deleted object that can be read a while longer."""

    def delete(self, target: Target, live: Live[Thing]) -> None:
        self.shop.called("delete", self.address)

    def read(self, target: Target) -> Live[Thing] | None:
        live = super().read(target)
        deleted = [call for call in self.shop.calls if call == ("delete", self.address)]
        reads = [call for call in self.shop.calls if call == ("read", self.address)]
        return None if deleted and len(reads) > 6 else live


def test_a_deletion_ends_when_the_object_is_gone(shop: Shop, journal: FileJournal) -> None:
    import dataclasses

    fake = Lingering(shop, "fake.a")
    fake.put(Thing())
    target = bare_target()
    made = plan(target, [fake], "payments")
    doomed = dataclasses.replace(made, changes=(dataclasses.replace(made.changes[0], action=Action.DELETE),))
    events = list(apply(doomed, [fake], target, journal, threading.Event()))
    assert events[-1].type == "applied"
    assert any("is being deleted" in event.message for event in events)


def test_deletions_come_last_and_only_if_everything_before_them_passed(shop: Shop, journal: FileJournal) -> None:
    import dataclasses

    old, new = Fake(shop, "fake.old"), Fake(shop, "fake.new")
    old.put(Thing())
    target = bare_target()
    made = plan(target, [old, new], "payments")
    changes = tuple(
        dataclasses.replace(c, action=Action.DELETE) if c.address == "fake.old" else c for c in made.changes
    )
    shop.fail["create", "fake.new"] = [TargetError("no")]
    events = list(apply(dataclasses.replace(made, changes=changes), [old, new], target, journal, threading.Event()))
    assert kinds(events)[-2:] == [("failed", "fake.new"), ("skipped", "fake.old")]
    assert "fake.old" in shop.things


def test_a_dead_runs_open_intent_is_closed_by_observation(shop: Shop, journal: FileJournal) -> None:
    from unit.engine.fakes import change

    made = Fake(shop, "fake.made")
    journal.begin(change("fake.made"), "token-made")
    journal.begin(change("fake.missing"), "token-missing")
    live = made.put(Thing())
    tokens = []

    class Watching(Fake):
        def create(self, target: Target, desired: Thing, token: str, tags: Mapping[str, str]) -> Live[Thing]:
            tokens.append(token)
            return super().create(target, desired, token, tags)

    run([made, Watching(shop, "fake.missing")], journal)
    assert tokens == ["token-missing"]
    assert journal.created()["fake.made"] == live.unique_id
    assert journal.pending() == {}


def test_a_conflict_that_cannot_be_read_yet_is_waited_for(shop: Shop, journal: FileJournal) -> None:
    shop.fail["create", "fake.a"] = [Conflict("exists")]
    clock = VirtualClock()
    events = run([Fake(shop, "fake.a")], journal, clock=clock)
    assert [event.type for event in events] == ["started", "progress", "applied"]
    assert "cannot be read yet" in events[1].message


def test_a_stop_ends_even_the_first_look_around(shop: Shop, journal: FileJournal) -> None:
    stop, clock = threading.Event(), VirtualClock()
    made = plan(bare_target(clock), [Fake(shop, "fake.a")], "payments")
    clock.on_wait = stop.set
    shop.fail["read", "fake.a"] = [Transient("Rate exceeded")] * 99
    events = run([Fake(shop, "fake.a")], journal, made=made, stop=stop, clock=clock)
    assert kinds(events) == [("stopped", "fake.a")]
    assert len(clock.waits) == 1


def test_nothing_is_deleted_that_something_unreadable_may_still_need(shop: Shop, journal: FileJournal) -> None:
    from ekswiz.engine.destroy import destroy_plan

    role, entry = Fake(shop, "fake.role"), Fake(shop, "fake.entry", needs=("fake.role",))
    role.put(Thing())
    entry.put(Thing())
    shop.fail["read", "fake.entry"] = [Unreadable("x:Get is denied.")] * 2
    target = bare_target()
    made = destroy_plan(target, [role, entry], journal)
    events = list(apply(made, [role, entry], target, journal, threading.Event()))
    assert kinds(events) == [("skipped", "fake.entry"), ("skipped", "fake.role")]
    assert set(shop.things) == {"fake.role", "fake.entry"}


def test_long_waits_of_many_short_pauses_stay_finite(shop: Shop, journal: FileJournal) -> None:
    from ekswiz.engine.patience import _pause

    assert 0 < _pause(10**6, 60.0, 60.0) <= 10.0
    assert 10.0 < _pause(10**6, 1800.0, 1800.0) <= 30.0
    assert _pause(10**6, 3.0, 1800.0) == 3.0
