"""Every exit code, and every command's `--json`, by real commands in an account: one story, told once, looked at often.

A step's code, what it wrote to which stream, and whether its JSON fits the schema that is published for it.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import jsonschema
import pytest

from ekswiz import schemas
from ekswiz.errors import Exit
from ekswiz.main import HOMES
from rehearsal.commands import EKSWIZ, Ground, Live, Said
from rehearsal.town import ACCOUNT, Town

Prepare = Callable[[Town], object]
YES = ("--yes", "--account", ACCOUNT)
OPEN = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ekswiz-shop-push"
IMPOSSIBLE = """\
on: {push: {branches: [main]}}
permissions: {}
jobs:
  one:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - run: exit 1
"""


def iam(town: Town) -> Any:
    """IAM of the account, as its root user."""
    keys = town.root_keys()
    given = {f"{name.lower()}": keys[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    return boto3.client("iam", region_name="eu-west-1", endpoint_url=keys["AWS_ENDPOINT_URL"], **given)


def foreign_role(town: Town) -> None:
    """Somebody else's role of the name that the stack will want."""
    iam(town).create_role(RoleName="ekswiz-shop-push", AssumeRolePolicyDocument=json.dumps(OPEN))


def no_foreign_role(town: Town) -> None:
    iam(town).delete_role(RoleName="ekswiz-shop-push")


def opened_role(town: Town) -> None:
    """Every repository of the owner, and every branch, may become the push role."""
    asks = {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme*"}}
    who = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"}
    trust = {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": asks}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam(town).update_assume_role_policy(RoleName="ekswiz-shop-push", PolicyDocument=document)


def attached_policy(town: Town) -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam(town).attach_role_policy(RoleName="ekswiz-shop-push", PolicyArn=arn)


def documents(town: Town) -> None:
    """Policies, a request, and a workflow that fails."""
    statement = {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": "*", "Condition": {"Bool": {"a:b": "true"}}}
    (town.checkout / "policy.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    (town.checkout / "open.json").write_text(json.dumps(OPEN))
    (town.checkout / "context.json").write_text(json.dumps({"a:b": "false"}))
    (town.checkout / "other.yml").write_text(IMPOSSIBLE)


@dataclass(frozen=True)
class Step:
    """One command of the story. `schema` is that of its JSON; `lines`: each line is a document of its own."""

    id: str
    words: tuple[str, ...]
    code: Exit
    schema: str = ""
    lines: bool = False
    empty: bool = False
    before: Prepare | None = None


def explain(*more: str) -> tuple[str, ...]:
    asked = ("--policy", "policy.json", "--context", "context.json", "--action", "ecr:PutImage")
    return ("iam", "explain", *asked, "--json", *more)


STORY = (
    Step("plan of what is missing", ("plan", "--json", "--permissions"), Exit.OK, "plan"),
    Step("plan that says that changes are pending", ("plan", "--exit-code"), Exit.PENDING),
    Step("plan that is saved", ("plan", "--out", "plan.json"), Exit.OK),
    Step("status before anything", ("status", "--json"), Exit.PENDING, "status"),
    Step("status that is refused", ("status", "--json", "--region", "mars-1"), Exit.USAGE, "error"),
    Step("plan with a flag that is none", ("plan", "--json", "--regoin", "x"), Exit.USAGE, "error"),
    Step("plan of a risk that is none", ("plan", "--json", "--allow-risk", "x"), Exit.USAGE, "error"),
    Step("answers", ("answers", "--json"), Exit.OK, "answers"),
    Step("answers that are refused", ("answers", "--json", "--app-port", "x"), Exit.USAGE, "error"),
    Step("answers of a stack that is not there", ("answers", "--json", "--from-account"), Exit.USAGE, "error"),
    Step("files", ("files", "--json"), Exit.OK, "files"),
    Step("files that are refused", ("files", "--json", "--branch", "*"), Exit.USAGE, "error"),
    Step("pins", ("pins", "--json"), Exit.OK, "pins", before=documents),
    Step("pins that are refused", ("pins", "--json", "--source", "other.yml"), Exit.USAGE, "error"),
    Step("explain", explain(), Exit.OK, "explain"),
    Step("explain that says no", explain("--exit-code"), Exit.FAILED, "explain"),
    Step("explain of no file", ("iam", "explain", "--json", "--action", "a:b", "--policy", "no"), Exit.USAGE, "error"),
    Step("lint of what ekswiz writes", ("lint", "--json"), Exit.OK, "lint"),
    Step("lint of a hole", ("lint", "--json", "open.json"), Exit.PREFLIGHT, "lint"),
    Step("lint of no file", ("lint", "--json", "nothing.json"), Exit.USAGE, "error"),
    Step("access to roles that are not there", ("access", "--json", "nobody"), Exit.USAGE, "error"),
    Step("a doctor who finds something", ("doctor", "--json", "--workload", "web"), Exit.PREFLIGHT, "doctor"),
    Step("a doctor who is refused", ("doctor", "--json", "--source"), Exit.USAGE, "error"),
    Step("apply without a terminal", ("apply", "--json"), Exit.USAGE, "error"),
    Step("apply with half a consent", ("apply", "--json", "--yes"), Exit.USAGE, "error"),
    Step("apply for another account", ("apply", "--yes", "--json", "--account", "999999999999"), Exit.USAGE, "error"),
    Step("a saved plan of other answers", ("apply", "plan.json", "--json", "--branch", "next"), Exit.STALE, "error"),
    Step("apply in part", ("apply", *YES, "--json"), Exit.PARTIAL, "events", lines=True, before=foreign_role),
    Step("apply that fails", ("apply", *YES, "--json"), Exit.FAILED, "events", lines=True),
    Step("apply", ("apply", *YES, "--json"), Exit.OK, "events", lines=True, before=no_foreign_role),
    Step("apply of nothing", ("apply", *YES, "--json"), Exit.OK, "events", lines=True, empty=True),
    Step("plan of nothing", ("plan", "--json", "--exit-code"), Exit.OK, "plan"),
    Step("status in place", ("status", "--json"), Exit.OK, "status"),
    Step("resume of nothing", ("resume", "--json"), Exit.OK, "events", lines=True, empty=True),
    Step("resume that is refused", ("resume", "--json", "--zones", "9"), Exit.USAGE, "error"),
    Step("answers from the account", ("answers", "--json", "--from-account"), Exit.OK, "answers"),
    Step("access as intended", ("access", "--json"), Exit.OK, "access"),
    Step("access that is open", ("access", "--json"), Exit.RED, "access", before=opened_role),
    Step("lint of a role", ("lint", "--role", ROLE, "--json"), Exit.PREFLIGHT, "lint"),
    Step("status of what moved", ("status", "--json"), Exit.PENDING, "status"),
    Step("apply that nobody agreed to", ("apply", *YES, "--json"), Exit.PREFLIGHT, "error", before=attached_policy),
    Step("destroy without a terminal", ("destroy", "--json"), Exit.USAGE, "error"),
    Step("destroy", ("destroy", *YES, "--json"), Exit.OK, "events", lines=True),
    Step("destroy of nothing", ("destroy", *YES, "--json"), Exit.OK, "events", lines=True, empty=True),
    Step("the world", ("sim", "status", "--json"), Exit.OK, "world"),
    Step("a second world", ("sim", "up", "--json"), Exit.PREFLIGHT, "error"),
    Step("no world", ("sim", "status", "--json"), Exit.FAILED, "world", before=lambda town: town.down()),
    Step("a rehearsal", ("rehearse", "--sample", "--json", "-"), Exit.OK, "report"),
    Step("a red rehearsal", ("rehearse", "--workflow", "other.yml", "--json", "-"), Exit.RED, "report"),
    Step("a rehearsal that is refused", ("rehearse", "--json", "-", "--app-port", "1"), Exit.USAGE, "error"),
)
NO_JSON = frozenset({"completion", "export", "hand-off", "operator-policy", "schema"})
"""Commands whose result is a document by itself: a script, a policy, a schema, files."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    made = Town(tmp_path_factory.mktemp("town")).build()
    made.up()
    yield made
    made.down()


@pytest.fixture(scope="module")
def told(town: Town) -> Mapping[str, Said]:
    """What each step of the story said."""
    said = {}
    for step in STORY:
        if step.before:
            step.before(town)
        said[step.id] = town.run(*step.words)
    return said


@pytest.mark.parametrize("step", STORY, ids=lambda step: step.id)
def test_the_code_and_the_streams_of_each_command(told: Mapping[str, Said], step: Step) -> None:
    said = told[step.id]

    assert said.code == step.code, said.text[-600:]
    assert "Traceback" not in said.text
    if step.schema == "error":
        shown = json.loads(said.out)
        jsonschema.validate(shown, schemas.schema("error"))
        assert shown["error"]["exit_code"] == step.code
        assert shown["error"]["detail"] in said.err


@pytest.mark.parametrize("step", [step for step in STORY if step.schema], ids=lambda step: step.id)
def test_what_a_command_prints_as_json_fits_its_schema(told: Mapping[str, Said], step: Step) -> None:
    text = told[step.id].out
    shown = [json.loads(line) for line in text.splitlines()] if step.lines else [json.loads(text)]

    assert (not shown) is step.empty
    for document in shown:
        jsonschema.validate(document, schemas.schema(step.schema))


def test_every_command_with_json_is_in_the_story_with_success_and_refusal() -> None:
    held = {step.words[:2] if step.words[0] in ("iam", "sim") else step.words[:1]: set() for step in STORY}
    for step in STORY:
        words = step.words[:2] if step.words[0] in ("iam", "sim") else step.words[:1]
        held[words].add(step.schema == "error")
    commands = {(name,) for name in HOMES} - {("iam",), ("sim",)}
    expected = commands | {("iam", "explain"), ("sim", "up"), ("sim", "status")}
    # `sim up` succeeds in the fixture, and `sim status` has nothing to refuse.
    lacking = {words for words in expected if held.get(words, set()) != {True, False}}
    assert lacking == {(name,) for name in NO_JSON} | {("sim", "up"), ("sim", "status")}


def test_the_codes_of_the_story_and_of_signals_are_all_codes(told: Mapping[str, Said]) -> None:
    by_signal = {Exit.INTERRUPTED, Exit.TERMINATED, Exit.STOPPED}

    assert {Exit(said.code) for said in told.values()} | by_signal == set(Exit)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, Exit.INTERRUPTED), (signal.SIGTERM, Exit.TERMINATED)])
def test_the_code_of_a_signal(tmp_path: Path, number: signal.Signals, code: Exit) -> None:
    live = Live(Ground(tmp_path))
    live.until(lambda line: line.startswith("ok    world"))

    live.send(number)

    assert live.end().code == code


def test_the_code_of_the_stop_key(tmp_path: Path) -> None:
    """In the wizard Ctrl-C is the key that stops, here in the one in lines: the wizard ends by itself, with 3."""
    ground = Ground(tmp_path)
    wizard = subprocess.Popen(
        [EKSWIZ, "--sim", "--sample", "--plain"], cwd=ground.cwd, env=ground.environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=1,
    )  # fmt: skip
    assert wizard.stdin
    assert wizard.stdout
    wizard.stdin.write("2\n")
    seen = []
    while line := wizard.stdout.readline():
        seen.append(line)
        if line.startswith("ok    world"):
            break

    wizard.send_signal(signal.SIGINT)
    rest, _ = wizard.communicate("", timeout=60)

    assert wizard.returncode == Exit.STOPPED, "".join(seen) + rest
    assert "proves nothing" in rest


@pytest.mark.parametrize("name", sorted(schemas.NAMES))
def test_every_schema_is_one_and_strict(name: str) -> None:
    found = schemas.schema(name)
    jsonschema.Draft202012Validator.check_schema(found)

    ours = [(path, node) for path, node in nodes(found) if not {"if", "then"} & set(path.split("/"))]
    open_ones = [path for path, node in ours if node.get("properties") and "additionalProperties" not in node]
    assert open_ones == []
    assert found["title"]
    assert all(set(node.get("required", ())) <= set(node["properties"]) for _, node in ours if "required" in node)


def nodes(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a schema that may be a schema itself; below `if` stand narrower versions of what is above."""
    if isinstance(schema, dict):
        yield path, schema
        for key, value in schema.items():
            yield from nodes(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for place, value in enumerate(schema):
            yield from nodes(value, f"{path}/{place}")
