from __future__ import annotations

import contextlib
import dataclasses
import json
import stat
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekswiz import cost, saved, view
from ekswiz.engine.planner import plan
from ekswiz.errors import Exit, InputError, StalePlan
from ekswiz.permitted import Need, Permissions, Verdict
from ekswiz.plan import Action, Change, Plan, Ref, Risk
from ekswiz.state import Estimate
from unit.engine.fakes import Fake, Shop, Thing, bare_target

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
TEXT = st.text(max_size=12)
REFS = st.builds(Ref, TEXT, TEXT)
RISKS = st.builds(Risk, TEXT, TEXT)
CHANGES = st.builds(
    Change,
    address=TEXT,
    action=st.sampled_from(Action),
    before=st.none() | st.dictionaries(TEXT, JSON, max_size=3),
    after=st.none() | st.dictionaries(TEXT, JSON | REFS | st.lists(REFS, max_size=2), max_size=3),
    needs=st.lists(TEXT, max_size=2).map(tuple),
    adopted=st.booleans(),
    why=TEXT,
    cli=TEXT,
    permissions=st.lists(TEXT, max_size=2).map(tuple),
    risks=st.lists(RISKS, max_size=2).map(tuple),
)
PLANS = st.builds(
    Plan, version=st.just(1), stack=TEXT, account=TEXT, region=TEXT, made_at=TEXT,
    changes=st.lists(CHANGES, max_size=4).map(tuple),
)  # fmt: skip


def a_plan(size: int = 1) -> Plan:
    shop = Shop()
    grown = Fake(shop, "fake.grown", Thing(size=2), found_risks=(Risk("grows", "It grows."),))
    grown.put(Thing(size=size))
    new = Fake(shop, "fake.new", Thing(other=Ref("fake.later", "id")), needs=("fake.later",))
    return plan(bare_target(), [grown, new, Fake(shop, "fake.later")], "payments")


def document(made: Plan, permissions: Permissions | None = None) -> dict[str, Any]:
    return view.document(view.View(made, cost.of(made), Estimate(None, ("fake create",)), permissions))


@given(PLANS)
def test_every_plan_survives_the_way_through_json(made: Plan) -> None:
    assert Plan.from_json(json.loads(json.dumps(made.to_json()))) == made


@given(PLANS, st.data())
def test_a_plan_that_lost_or_gained_a_member_is_refused_with_a_sentence(made: Plan, data: st.DataObject) -> None:
    values = json.loads(json.dumps(made.to_json()))
    victim = data.draw(st.sampled_from([values, *values["changes"]]))
    del victim[data.draw(st.sampled_from(sorted(victim)))]

    with pytest.raises(ValueError) as caught:
        Plan.from_json(values)

    assert str(caught.value)


def test_a_saved_plan_is_private_and_comes_back_as_it_was(tmp_path: Path) -> None:
    made, file = a_plan(), tmp_path / "plan.json"

    saved.save(file, document(made))

    assert saved.load(file) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_saving_over_a_readable_file_makes_it_private_too(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text("old")
    file.chmod(0o644)

    saved.save(file, document(a_plan()))

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_plan_that_cannot_be_written_leaves_nothing_and_says_where(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        saved.save(tmp_path / "no" / "plan.json", document(a_plan()))

    assert list(tmp_path.iterdir()) == []


def test_every_cut_and_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    saved.save(file, document(a_plan()))
    content = file.read_bytes()
    damaged = [content[:at] for at in range(0, len(content) - 2, 97)]
    damaged += [content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in range(0, len(content) - 1, 89)]

    for broken in damaged:
        file.write_bytes(broken)
        found: object = a_plan()
        with contextlib.suppress(InputError):
            found = saved.load(file)
        # Only white space may change unseen.
        assert found == a_plan()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("[]", "not a saved plan"),
        ("{}", "not a saved plan"),
        ('{"format": "ekswiz-plan"}', "damaged"),
    ],
)
def test_other_files_are_told_from_plans(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text)

    with pytest.raises(InputError, match=says):
        saved.load(file)


def test_a_plan_of_another_version_is_refused_by_its_version(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    saved.save(file, {**document(a_plan()), "version": 2})

    with pytest.raises(InputError, match="version is 2, not 1"):
        saved.load(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        saved.load(tmp_path / "nope.json")


@pytest.mark.parametrize("name", ["stack", "account", "region"])
def test_a_plan_for_another_place_is_refused(name: str) -> None:
    made = a_plan()
    here = {"stack": made.stack, "account": made.account, "region": made.region, name: "another"}

    with pytest.raises(InputError, match=f"{name}: the saved plan is for {getattr(made, name)}, and this is another"):
        saved.refuse_elsewhere(made, **here)


def test_a_plan_that_still_fits_is_not_refused() -> None:
    saved.refuse_moved(a_plan(), dataclasses.replace(a_plan(), made_at="later"))


def test_a_stale_plan_names_address_field_before_and_now() -> None:
    with pytest.raises(StalePlan) as caught:
        saved.refuse_moved(a_plan(1), a_plan(7))

    assert caught.value.exit_code == Exit.STALE
    assert [line.strip() for line in caught.value.detail.splitlines() if "->" in line] == ["fake.grown: size 1 -> 7"]


def lines(then: Change, now: Change) -> list[str]:
    frame = Plan(1, "s", "1" * 12, "eu-west-1", "", ())
    return list(saved.differences(dataclasses.replace(frame, changes=(then,)),
                                  dataclasses.replace(frame, changes=(now,))))  # fmt: skip


BASE = Change("a.b", Action.UPDATE, {"x": 1}, {"x": 2, "arn": Ref("c.d", "arn")}, (), False, "", "", ())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"before": None}, ["a.b: is gone"]),
        ({"before": {"x": 1, "y": [1]}}, ["a.b: y null -> [1]"]),
        ({"after": {"x": 3, "arn": Ref("c.d", "arn")}}, ["a.b: wanted x 2 -> 3"]),
        ({"after": {"x": 2, "arn": "arn:now-known"}}, []),
        ({"after": {"x": 2, "arn": Ref("e.f", "arn")}}, [
            'a.b: wanted arn {"$ref": "c.d", "output": "arn"} -> {"$ref": "e.f", "output": "arn"}']),
        ({"action": Action.REPLACE}, ["a.b: action update -> replace"]),
        ({"risks": (Risk("r", "It breaks."),)}, ["a.b: new risk r: It breaks."]),
        ({"adopted": True}, ["a.b: whose it is: ours -> not ours"]),
        ({"why": "said differently"}, []),
    ],
)  # fmt: skip
def test_whatever_moved_is_said_in_a_line_of_its_own(change: dict[str, Any], says: list[str]) -> None:
    assert lines(BASE, dataclasses.replace(BASE, **change)) == says


def test_objects_that_came_or_went_are_named() -> None:
    assert lines(BASE, dataclasses.replace(BASE, address="a.c")) == [
        "a.b: is not part of this stack any more",
        "a.c: is new in this stack",
    ]


def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(resources.files("ekswiz").joinpath("data/plan.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def test_plans_keep_the_published_schema(tmp_path: Path) -> None:
    need = Need("iam:PassRole", "arn:aws:iam::1:role/x", ("a.b",))
    asked = Permissions("arn", "AWS says", (Verdict(need, "denied", "AWS says: implicitDeny."),))
    checker = jsonschema.Draft202012Validator(schema())

    checker.validate(document(a_plan()))
    checker.validate(document(a_plan(), asked))
    saved.save(tmp_path / "plan.json", document(a_plan(), asked))
    checker.validate(json.loads((tmp_path / "plan.json").read_text()))


@pytest.mark.parametrize("path", [("stack",), ("changes", 0, "action"), ("cost", "as_of"), ("estimate", "seconds")])
def test_the_schema_notices_what_is_missing_or_beside(path: tuple[Any, ...]) -> None:
    checker, values = jsonschema.Draft202012Validator(schema()), document(a_plan())
    inner: Any = values
    for step in path[:-1]:
        inner = inner[step]

    inner["surprise"] = 1
    assert not checker.is_valid(values)
    del inner["surprise"]
    assert checker.is_valid(values)
    del inner[path[-1]]
    assert not checker.is_valid(values)
