"""What the chaos sweeps found, each as the smallest test that failed before its fix."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ekswiz import __version__
from ekswiz.clients.aws_errors import ask_client
from ekswiz.clients.kube_api import send
from ekswiz.engine.apply import apply
from ekswiz.engine.destroy import destroy_plan
from ekswiz.engine.journal import FileJournal
from ekswiz.engine.patience import patiently
from ekswiz.engine.planner import plan
from ekswiz.errors import Exit, NotYet, StalePlan, Transient, Unreadable
from ekswiz.events import Event
from ekswiz.frontend import exit_code
from ekswiz.plan import Action, Ref
from ekswiz.resource import Farewell, Live
from ekswiz.resources.deployer_rbac import deployer_rbac
from ekswiz.target import Target
from unit.engine.fakes import ANSWERS, Fake, Shop, Thing, VirtualClock, aws_error, bare_target, world


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[FileJournal]:
    made = FileJournal.open(tmp_path / "j.jsonl", "payments")
    yield made
    made.close()


def test_what_rests_on_something_unreadable_is_not_called_stale(shop: Shop, journal: FileJournal) -> None:
    first = Fake(shop, "fake.a")
    second = Fake(shop, "fake.b", Thing(other=Ref("fake.a", "id")), needs=("fake.a",))
    first.put(Thing())
    second.put(Thing(other="id-1"))
    shop.fail["read", "fake.a"] = [Unreadable("x:Get is denied.")] * 2
    target = bare_target()
    made = plan(target, [first, second], "payments")
    events = list(apply(made, [first, second], target, journal, threading.Event()))
    assert {event.type for event in events} == {"skipped"}


class Throttled(Fake):
    """Its last look before a deletion is throttled once."""

    def farewell(self, target: Target, live: Live[Thing]) -> Farewell:
        self.shop.called("farewell", self.address)
        return Farewell()


def test_a_throttled_farewell_is_waited_for(shop: Shop, journal: FileJournal) -> None:
    fake = Throttled(shop, "fake.a")
    fake.put(Thing())
    shop.fail["farewell", "fake.a"] = [Transient("Rate exceeded")]
    clock = VirtualClock()
    made = destroy_plan(bare_target(clock), [fake], journal)
    assert [change.action for change in made.changes] == [Action.DELETE]
    assert clock.waits


def test_a_plan_with_something_unreadable_says_so_when_it_can_be_read_again(shop: Shop, journal: FileJournal) -> None:
    fake = Fake(shop, "fake.a")
    fake.put(Thing())
    shop.fail["read", "fake.a"] = [Unreadable("x:Get is denied.")]
    target = bare_target()
    made = plan(target, [fake], "payments")
    with pytest.raises(StalePlan, match=r"fake\.a can be read now.*x:Get is denied"):
        list(apply(made, [fake], target, journal, threading.Event()))


@pytest.mark.parametrize(("kinds", "code"), [(["skipped"], Exit.FAILED), (["applied", "skipped"], Exit.PARTIAL)])
def test_a_run_that_skipped_something_is_no_success(kinds: list[str], code: Exit) -> None:
    assert exit_code([Event(kind, 0.0, "fake.a") for kind in kinds], None) is code  # type: ignore[arg-type]


def test_an_access_entry_of_a_cluster_that_is_being_made_is_not_there_yet() -> None:
    class Eks:
        def describe_access_entry(self) -> None:
            text = "Cluster 'platform-dev' is not in ACTIVE status"
            raise aws_error("InvalidRequestException", text, "DescribeAccessEntry")

    with pytest.raises(NotYet):
        ask_client(Eks(), "eks", "describe_access_entry")


def test_a_call_that_took_longer_than_the_bound_is_made_once_more() -> None:
    clock, calls = VirtualClock(), []

    def call() -> str:
        calls.append(clock.now())
        if len(calls) == 1:
            clock.wait(60.0, threading.Event())
            raise Transient("Rate exceeded", within=30.0)
        return "done"

    assert patiently(call, clock, threading.Event(), lambda _: None) == "done"


def test_a_binding_that_recovery_makes_bears_the_same_labels_as_any(tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    with world(tmp_path / "checkout") as here:
        made = deployer_rbac(ANSWERS)
        target, tags = here.target(), {"ekswiz:stack": "payments", "ekswiz:address": made.address}
        tags["ekswiz:version"] = __version__
        send(target, ANSWERS.cluster, "POST", "/api/v1/namespaces", {"metadata": {"name": ANSWERS.namespace}})
        made.create(target, made.desired, "token", tags)
        path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{ANSWERS.namespace}/rolebindings/ekswiz-deployer"
        before = here.kubernetes.objects[path]["metadata"]["labels"]
        send(target, ANSWERS.cluster, "DELETE", path)
        live = made.read(target)
        assert live is not None
        made.update(target, live, made.desired)
        assert here.kubernetes.objects[path]["metadata"]["labels"] == before


@pytest.mark.parametrize("landed", ["gone", "changed"])
def test_what_a_dead_run_had_in_flight_may_take_effect_between_plan_and_apply(
    shop: Shop, journal: FileJournal, landed: str
) -> None:
    fake = Fake(shop, "fake.a", Thing(size=1))
    fake.put(Thing(size=1))
    target = bare_target()
    made = destroy_plan(target, [fake], journal)
    journal.begin(made.changes[0], "token")
    if landed == "gone":
        shop.things.clear()
    else:
        fake.put(Thing(size=2))

    events = list(apply(made, [fake], target, journal, threading.Event()))

    assert events[-1].type == "applied"
    assert shop.things == {}


def test_what_somebody_else_did_under_our_own_intent_is_still_refused(shop: Shop, journal: FileJournal) -> None:
    fake = Fake(shop, "fake.a", Thing(size=2))
    fake.put(Thing(size=1))
    target = bare_target()
    made = plan(target, [fake], "payments")
    journal.begin(made.changes[0], "token")
    fake.put(Thing(size=7))

    with pytest.raises(StalePlan, match="has changed"):
        list(apply(made, [fake], target, journal, threading.Event()))
