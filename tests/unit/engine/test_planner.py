import threading

import pytest

from ekswiz.engine.order import ordered
from ekswiz.engine.planner import ADOPTS, FOREIGN, Consent, plan
from ekswiz.errors import Disorder, NotYet, TargetError, Transient, Unreadable
from ekswiz.plan import Action, Plan, Ref, Risk
from unit.engine.fakes import Fake, Shop, Thing, VirtualClock, bare_target


@pytest.fixture
def shop() -> Shop:
    return Shop()


def actions(made: Plan) -> dict[str, str]:
    return {change.address: change.action.value for change in made.changes}


def test_absent_objects_are_created_in_the_order_of_their_needs(shop: Shop) -> None:
    desired = [Fake(shop, "fake.c", needs=("fake.b",)), Fake(shop, "fake.b", needs=("fake.a",)), Fake(shop, "fake.a")]
    made = plan(bare_target(), desired, "payments")
    assert [c.address for c in made.changes] == ["fake.a", "fake.b", "fake.c"]
    assert {c.action for c in made.changes} == {Action.CREATE}
    assert made.changes[0].permissions == ("x:Get", "x:Make")


def test_equal_objects_are_kept_and_different_ones_updated_or_replaced(shop: Shop) -> None:
    same = Fake(shop, "fake.same")
    same.put(Thing())
    bigger = Fake(shop, "fake.bigger", Thing(size=2))
    bigger.put(Thing(size=1))
    other = Fake(shop, "fake.other", Thing(other="new"), replaces=frozenset({"other"}))
    other.put(Thing(other="old"))
    made = plan(bare_target(), [same, bigger, other], "payments")
    assert actions(made) == {"fake.same": "=", "fake.bigger": "~", "fake.other": "±"}
    assert made.changes[1].before == {"size": 1, "other": ""}
    assert made.changes[1].after == {"size": 2, "other": ""}


def test_a_ref_is_resolved_where_the_object_exists_and_stays_where_it_does_not(shop: Shop) -> None:
    first = Fake(shop, "fake.a")
    second = Fake(shop, "fake.b", Thing(other=Ref("fake.a", "id")), needs=("fake.a",))
    made = plan(bare_target(), [first, second], "payments")
    assert made.changes[1].after["other"] == Ref("fake.a", "id")
    assert made.to_json()["changes"][1]["after"]["other"] == {"$ref": "fake.a", "output": "id"}
    live = first.put(Thing())
    made = plan(bare_target(), [first, second], "payments")
    assert made.changes[1].after["other"] == live.outputs["id"]


def test_what_refers_to_a_replaced_object_is_known_only_after_apply(shop: Shop) -> None:
    first = Fake(shop, "fake.a", Thing(size=2), replaces=frozenset({"size"}))
    live = first.put(Thing(size=1))
    second = Fake(shop, "fake.b", Thing(other=Ref("fake.a", "id")), needs=("fake.a",))
    second.put(Thing(other=live.outputs["id"]))
    assert actions(plan(bare_target(), [first, second], "payments")) == {"fake.a": "±", "fake.b": "~"}


def test_all_reads_run_at_once(shop: Shop) -> None:
    together = threading.Barrier(16, timeout=10)
    shop.hook = lambda verb, address: together.wait()
    desired = [Fake(shop, f"fake.{n}", needs=(f"fake.{n - 1}",) if n else ()) for n in range(16)]
    plan(bare_target(), desired, "payments", workers=16)
    assert together.broken is False


def test_workers_are_a_limit(shop: Shop) -> None:
    at_once, most, guard = 0, 0, threading.Lock()

    def hook(verb: str, address: str) -> None:
        nonlocal at_once, most
        with guard:
            at_once += 1
            most = max(most, at_once)
        with guard:
            at_once -= 1

    shop.hook = hook
    plan(bare_target(), [Fake(shop, f"fake.{n}") for n in range(12)], "payments", workers=1)
    assert most == 1


def test_a_denied_read_is_unknown_and_says_why(shop: Shop) -> None:
    shop.fail["read", "fake.a"] = [Unreadable("x:Get is denied.")]
    made = plan(bare_target(), [Fake(shop, "fake.a")], "payments")
    assert actions(made) == {"fake.a": "?"}
    assert "x:Get is denied" in made.changes[0].why
    assert made.pending == ()


def test_an_absent_parent_means_absent(shop: Shop) -> None:
    shop.fail["read", "fake.a"] = [NotYet("no cluster")]
    assert actions(plan(bare_target(), [Fake(shop, "fake.a")], "payments")) == {"fake.a": "+"}


def test_a_throttled_read_is_made_again(shop: Shop) -> None:
    shop.fail["read", "fake.a"] = [Transient("Rate exceeded"), Transient("Rate exceeded")]
    clock = VirtualClock()
    assert actions(plan(bare_target(clock), [Fake(shop, "fake.a")], "payments")) == {"fake.a": "+"}
    assert len(clock.waits) == 2


def test_any_other_failure_to_read_fails_the_plan(shop: Shop) -> None:
    shop.fail["read", "fake.b"] = [TargetError("the session has expired.")]
    with pytest.raises(TargetError, match="expired"):
        plan(bare_target(), [Fake(shop, "fake.a"), Fake(shop, "fake.b")], "payments")


@pytest.mark.parametrize("owner", [None, "another"])
def test_a_foreign_object_of_our_name_is_a_conflict_until_adopted(shop: Shop, owner: str | None) -> None:
    fake = Fake(shop, "fake.a", Thing(size=2))
    fake.put(Thing(size=1), owner)
    (change,) = plan(bare_target(), [fake], "payments").changes
    assert [risk.id for risk in change.risks] == [FOREIGN]
    assert change.adopted
    (change,) = plan(bare_target(), [fake], "payments", consent=Consent(adopt=True)).changes
    assert [risk.id for risk in change.risks] == [ADOPTS]
    (change,) = plan(bare_target(), [fake], "payments", consent=Consent(adopted=frozenset({"fake.a"}))).changes
    assert [risk.id for risk in change.risks] == [ADOPTS]


def test_a_shared_object_is_adopted_without_asking(shop: Shop) -> None:
    fake = Fake(shop, "fake.a", tenure="shared")
    fake.put(Thing(), None)
    (change,) = plan(bare_target(), [fake], "payments").changes
    assert (change.action, change.adopted, change.risks) == (Action.KEEP, True, ())


@pytest.mark.parametrize("tenure", ["kept", "external"])
def test_kept_objects_stay_as_they_are(shop: Shop, tenure: str) -> None:
    fake = Fake(shop, "fake.a", Thing(size=2), tenure=tenure)
    fake.put(Thing(size=1), None)
    (change,) = plan(bare_target(), [fake], "payments").changes
    assert change.action is Action.KEEP
    assert change.before == change.after == {"size": 1, "other": ""}


def test_what_must_exist_and_does_not_fails_the_plan(shop: Shop) -> None:
    fake = Fake(shop, "fake.a", tenure="external", found_risks=(Risk("gone", "There is no cluster 'x'."),))
    with pytest.raises(TargetError, match="There is no cluster 'x'"):
        plan(bare_target(), [fake], "payments")


def test_a_circle_is_named(shop: Shop) -> None:
    desired = [Fake(shop, "fake.a", needs=("fake.b",)), Fake(shop, "fake.b", needs=("fake.a",))]
    with pytest.raises(Disorder, match="circle"):
        plan(bare_target(), desired, "payments")


def test_a_missing_need_and_a_doubled_address_are_named(shop: Shop) -> None:
    with pytest.raises(Disorder, match=r"needs fake\.z"):
        ordered([Fake(shop, "fake.a", needs=("fake.z",))])
    with pytest.raises(Disorder, match="twice"):
        ordered([Fake(shop, "fake.a"), Fake(shop, "fake.a")])


def test_the_fingerprint_moves_with_the_world_and_not_with_time(shop: Shop) -> None:
    fake = Fake(shop, "fake.a", Thing(size=2))
    target = bare_target()
    first = plan(target, [fake], "payments")
    assert first.fingerprint == plan(bare_target(), [fake], "payments").fingerprint
    fake.put(Thing(size=1))
    assert plan(target, [fake], "payments").fingerprint != first.fingerprint


def test_what_rests_on_something_unreadable_is_unknown_too(shop: Shop) -> None:
    first = Fake(shop, "fake.a")
    live = first.put(Thing())
    second = Fake(shop, "fake.b", Thing(other=Ref("fake.a", "id")), needs=("fake.a",), replaces=frozenset({"other"}))
    second.put(Thing(other=live.outputs["id"]))
    shop.fail["read", "fake.a"] = [Unreadable("x:Get is denied.")]
    made = plan(bare_target(), [first, second], "payments")
    assert actions(made) == {"fake.a": "?", "fake.b": "?"}
    assert "fake.a" in made.changes[1].why
