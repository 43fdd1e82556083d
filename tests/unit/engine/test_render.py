from ekswiz.engine.planner import plan
from ekswiz.events import Event
from ekswiz.plan import Action, Plan, Ref, Risk
from ekswiz.render import difference, event_line, plan_lines, summary
from unit.engine.fakes import Fake, Shop, Thing, bare_target


def made() -> Plan:
    shop = Shop()
    grown = Fake(shop, "fake.grown", Thing(size=2), found_risks=(Risk("grows", "It grows."),))
    grown.put(Thing(size=1))
    kept = Fake(shop, "fake.kept")
    kept.put(Thing())
    new = Fake(shop, "fake.new", Thing(other=Ref("fake.later", "id")), needs=("fake.later",))
    return plan(bare_target(), [grown, kept, new, Fake(shop, "fake.later")], "payments")


def test_a_plan_shows_sign_address_word_why_risk_and_difference() -> None:
    text = "\n".join(plan_lines(made()))
    assert "  ~ fake.grown !  (update)" in text
    assert "! grows: It grows." in text
    assert "size: 1 -> 2" in text
    assert "(1 unchanged)" in text
    assert "  + fake.new  (create)" in text
    assert "  = fake.kept  (keep)" in text
    assert text.isascii()


def test_a_summary_counts_by_sign() -> None:
    assert summary(made()) == "+2 create  ~1 update  =1 keep  !1 to review"


def test_nothing_to_do_is_said_in_words() -> None:
    shop = Shop()
    fake = Fake(shop, "fake.a")
    fake.put(Thing())
    assert summary(plan(bare_target(), [fake], "payments")) == "Everything already matches. Nothing to do."


def test_unknown_objects_are_not_everything_matches() -> None:
    from ekswiz.errors import Unreadable

    shop = Shop()
    shop.fail["read", "fake.a"] = [Unreadable("no")]
    assert summary(plan(bare_target(), [Fake(shop, "fake.a")], "payments")) == "?1 unknown"


def test_differences_are_found_inside_documents() -> None:
    before = {"trust": {"Statement": [{"Condition": {"sub": "a"}}]}, "gone": 1, "same": [1, 2]}
    after = {"trust": {"Statement": [{"Condition": {"sub": Ref("x.y", "arn")}}]}, "new": {}, "same": [1, 2]}
    lines = [line.strip() for line in difference(before, after)]
    assert lines == [
        "gone: 1 -> (absent)",
        "new: (absent) -> {}",
        'trust.Statement[0].Condition.sub: "a" -> (known after apply)',
        "(2 unchanged)",
    ]


def test_long_values_are_cut() -> None:
    (line,) = difference({}, {"text": "x" * 500})
    assert len(line) < 130


def test_an_event_is_one_line() -> None:
    assert event_line(Event("applied", 0.0, "fake.a", 1.25)) == "applied  fake.a 1.2 s"
    assert event_line(Event("failed", 0.0, "fake.a", message="no")) == "failed   fake.a  no"
    assert Action.REPLACE.word == "replace"
