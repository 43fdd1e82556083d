"""Workflow files: what is read, and what is refused with its line and column."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekswiz.errors import InputError
from ekswiz.workflow.model import Position, Workflow
from ekswiz.workflow.parse import decode, parse
from ekswiz.workflow.permissions import DEFAULT, effective, excess, read_only

PATH = ".github/workflows/deploy.yml"
STEPS = "runs-on: ubuntu-latest, steps: [{run: echo}]"


def read(text: str) -> Workflow:
    return parse(textwrap.dedent(text), PATH)


def one_job(job: str = "", *, top: str = "", step: str = "run: echo") -> str:
    """A file whose line 1 is `on`, `top` follows, then the job."""
    lines = ["on: push", *textwrap.dedent(top).strip("\n").splitlines(), "jobs:", "  a:"]
    lines += [f"    {line}" for line in textwrap.dedent(job).strip("\n").splitlines()]
    lines += ["    runs-on: ubuntu-latest", "    steps:"]
    body = textwrap.dedent(step).strip("\n").splitlines()
    lines += [f"      - {body[0]}", *(f"        {line}" for line in body[1:])]
    return "\n".join(line for line in lines if line.strip()) + "\n"


def test_everything_is_read_with_its_place() -> None:
    workflow = read("""\
        name: Deploy
        run-name: by ${{ github.actor }}
        on:
          push: {branches: [main, '!dev'], paths-ignore: docs/**}
          workflow_dispatch:
            inputs:
              force: {type: boolean, default: false, required: true}
              stage: {type: choice, options: [a, b]}
        permissions: {contents: read}
        env: {A: 1, B: true, C: 1.10, D: null, E: "1.10"}
        defaults: {run: {shell: bash}}
        concurrency: {group: g, cancel-in-progress: false}
        jobs:
          build:
            runs-on: [self-hosted, linux]
            timeout-minutes: 5
            outputs: {x: "${{ steps.s.outputs.x }}"}
            steps:
              - id: s
                run: |
                  one
                  two ${{ github.sha }}
          deploy:
            needs: build
            if: github.ref == 'refs/heads/main'
            runs-on: ubuntu-latest
            environment: {name: production, url: "https://x"}
            strategy: {fail-fast: false, max-parallel: 2, matrix: {v: [1, 2], include: [{v: 3}]}}
            steps: [{uses: actions/checkout@v4, with: {ref: main}}]
        """)
    assert workflow.name is not None
    assert workflow.name.value == "Deploy"
    assert [text.value for text in workflow.triggers["push"].filters["branches"].patterns] == ["main", "!dev"]
    assert workflow.triggers["workflow_dispatch"].inputs["force"].required
    assert {key: text.value for key, text in workflow.env.items()} == {
        "A": "1",
        "B": "true",
        "C": "1.1",
        "D": "",
        "E": "1.10",
    }
    build, deploy = workflow.jobs["build"], workflow.jobs["deploy"]
    assert [label.value for label in build.runs_on] == ["self-hosted", "linux"]
    run = build.steps[0].run
    assert run is not None
    assert run.position(run.value.index("github")) == Position(22, 19)
    assert deploy.needs == ("build",)
    assert deploy.environment is not None
    assert deploy.environment.name.value == "production"
    assert deploy.at == Position(23, 3)


@pytest.mark.parametrize("on", ["on: push", "'on': push", "on: [push, workflow_dispatch]", "on:\n  push:"])
def test_on_is_a_string_in_every_spelling(on: str) -> None:
    assert "push" in parse(f"{on}\njobs: {{a: {{{STEPS}}}}}\n", PATH).triggers


def test_anchors_are_followed() -> None:
    workflow = read("""\
        on: push
        jobs:
          a: &job
            runs-on: ubuntu-latest
            steps: [{run: echo}]
          b: *job
        """)
    assert workflow.jobs["b"].steps[0].run is not None


REFUSED: list[tuple[str, str, str]] = [
    ("", "1:1", "The file is empty"),
    ("just text", "1:1", "must be a mapping"),
    ("on: push", "1:1", "Required property is missing: jobs"),
    (f"jobs: {{a: {{{STEPS}}}}}", "1:1", "Required property is missing: on"),
    (f"true: push\njobs: {{a: {{{STEPS}}}}}", "1:1", "Unexpected value 'true'"),
    ("on: push\njobs: {}", "2:7", "at least one job"),
    (f"on: push\njobs: {{a: {{{STEPS}}}}}\nfoo: 1", "3:1", "Unexpected value 'foo'"),
    (f"on: push\nnmae: x\njobs: {{a: {{{STEPS}}}}}", "2:1", "Did you mean `name`?"),
    (f"on: push\non: push\njobs: {{a: {{{STEPS}}}}}", "2:1", "'on' is already defined"),
    (f"on: push\nOn: push\njobs: {{a: {{{STEPS}}}}}", "2:1", "'On' is already defined"),
    (f"on: pusch\njobs: {{a: {{{STEPS}}}}}", "1:5", "Unexpected value 'pusch' in `on`"),
    (f"on: {{push: {{branch: x}}}}\njobs: {{a: {{{STEPS}}}}}", "1:13", "Did you mean `branches`?"),
    (
        f"on: {{push: {{branches: [a], branches-ignore: [b]}}}}\njobs: {{a: {{{STEPS}}}}}",
        "1:45",
        "only define one of `branches` and `branches-ignore`",
    ),
    (f"on: {{push: {{branches: []}}}}\njobs: {{a: {{{STEPS}}}}}", "1:23", "holds no pattern"),
    (f"on: {{schedule: x}}\njobs: {{a: {{{STEPS}}}}}", "1:6", "sequence of `cron`"),
    (f"on: {{workflow_call: {{inputs: {{x: {{}}}}}}}}\njobs: {{a: {{{STEPS}}}}}", "1:31", "missing: type"),
    (
        f"on: {{workflow_dispatch: {{inputs: {{x: {{type: int}}}}}}}}\njobs: {{a: {{{STEPS}}}}}",
        "1:45",
        "must be one of string, boolean, number, choice, environment",
    ),
    ("on: push\njobs: {1a: {steps: []}}", "2:8", "The identifier '1a' is invalid"),
    ("on: push\njobs: {a: {steps: [{run: x}]}}", "2:8", "missing: runs-on"),
    ("on: push\njobs: {a: {runs-on: x}}", "2:8", "missing: steps"),
    ("on: push\njobs: {a: {runs-on: [], steps: [{run: x}]}}", "2:21", "names no runner"),
    ("on: push\njobs: {a: {runs-on: x, steps: []}}", "2:31", "at least one step"),
    ("on: push\njobs: {a: {runs-on: x, steps: [{name: x}]}}", "2:32", "either a `run` or a `uses`"),
    (one_job(step="run: x\nuses: a/b@c"), "6:9", "either a `run` or a `uses`"),
    (one_job(step="uses: a/b@c\nshell: bash"), "7:16", "Unexpected value 'shell' in a step with `uses`"),
    (one_job(step="run: x\nwith: {a: b}"), "7:15", "Unexpected value 'with' in a step with `run`"),
    (one_job(step="run: x\nrnu: y"), "7:9", "Did you mean `run`?"),
    (one_job(step="uses: docker://alpine"), "6:15", "is a container"),
    (one_job(step="uses: ./local"), "6:15", "is local"),
    (one_job(step="uses: actions/checkout"), "6:15", "Expected format {org}/{repo}[/path]@ref"),
    (one_job(step="uses: ${{ github.x }}"), "6:15", "cannot hold an expression"),
    (one_job(step="run: x\nid: 1x"), "7:13", "The identifier '1x' is invalid"),
    (one_job(step="run: x\ntimeout-minutes: 0"), "7:26", "positive integer"),
    (one_job(step="run: x\ntimeout-minutes: 1.5"), "7:26", "positive integer"),
    (one_job(step="run: x\ncontinue-on-error: maybe"), "7:28", "must be true or false"),
    (one_job("services: {db: {image: x}}"), "4:5", "`services` is not supported"),
    (one_job("container: alpine"), "4:5", "`container` is not supported"),
    (one_job("needs: b"), "3:3", "Job 'a' depends on unknown job 'b'"),
    (one_job("needs: a"), "3:3", "creates a cycle"),
    (
        f"on: push\njobs:\n  a: {{needs: b, {STEPS}}}\n  b: {{needs: a, {STEPS}}}",
        "3:3",
        "Job 'a' depends on job 'b' which creates a cycle",
    ),
    (one_job("permissions: all"), "4:18", "Unexpected value 'all'"),
    (one_job("permissions: {id-token: read}"), "4:29", "must be one of write, none"),
    (one_job("permissions: {idtoken: write}"), "4:19", "Did you mean `id-token`?"),
    (one_job("environment: {url: x}"), "4:18", "missing: name"),
    (one_job("strategy: {matrix: [1]}"), "4:24", "must be a mapping of lists"),
    (one_job("strategy: {matrix: {v: 1}}"), "4:28", "`v` in `matrix` must be a list"),
    (one_job("concurrency: {cancel-in-progress: true}"), "4:18", "missing: group"),
    (one_job(top="env: ${{ github.x }}"), "2:6", "in place of the whole `env`"),
    (one_job(top="env: {A: {b: c}}"), "2:10", "must be a single value"),
    (one_job(top="<<: {env: {}}"), "2:1", "Merge keys"),
    (one_job(top="env: {A: !secret x}"), "2:10", "Unexpected tag"),
    ("on: [", "1:6", "Not valid YAML"),
    ("on: push\n\tjobs: x", "2:1", "Not valid YAML"),
    ("&a [*a]", "1:1", "aliases that multiply"),
    ("a: 1\n---\nb: 2", "2:1", "Not valid YAML"),
    # expressions, each in its key
    (one_job(step="run: echo ${{ nope.x }}"), "6:23", "Unrecognized named-value: 'nope'"),
    (one_job(step="run: |\n  one\n  two ${{ nope.x }}"), "8:19", "Unrecognized named-value: 'nope'"),
    (one_job(step="run: 'echo ${{ nope.x }}'"), "6:24", "Unrecognized named-value: 'nope'"),
    (one_job(step="run: echo ${{ foo() }}"), "6:23", "Unrecognized function: 'foo'"),
    (one_job(step="run: echo ${{ github.sha"), "6:14", "The expression is not closed"),
    (one_job(step="run: x\nif: secrets.X == 'y'"), "7:13", "Unrecognized named-value: 'secrets'"),
    (one_job(step="run: x\nif: sucess()"), "7:13", "Unrecognized function: 'sucess'"),
    (one_job(step="run: x\nif: github.ref = 'x'"), "7:24", "Unexpected symbol: '='"),
    (one_job(step="run: echo ${{ success() }}"), "6:23", "Unrecognized function: 'success'"),
    (one_job("if: env.X == 'y'"), "4:9", "Unrecognized named-value: 'env'"),
    (one_job("if: steps.x.outputs.y"), "4:9", "Unrecognized named-value: 'steps'"),
    (one_job("env: {A: '${{ runner.os }}'}"), "4:19", "Unrecognized named-value: 'runner'"),
    (one_job("environment: ${{ secrets.X }}"), "4:22", "Unrecognized named-value: 'secrets'"),
    (one_job("strategy: {matrix: {v: ['${{ env.X }}']}}"), "4:34", "Unrecognized named-value: 'env'"),
    (one_job("name: x ${{ hashFiles('x') }}"), "4:17", "Unrecognized function: 'hashFiles'"),
    # calls
    ("on: push\njobs: {a: {uses: o/r/.github/workflows/x.yml@v1}}", "2:18", "cannot be called here"),
    ("on: push\njobs: {a: {uses: ./x.yml}}", "2:18", "cannot be called here"),
    (
        "on: push\njobs: {a: {uses: ./.github/workflows/x.yml, runs-on: x}}",
        "2:45",
        "Unexpected value 'runs-on' in job `a`",
    ),
]


@pytest.mark.parametrize(("text", "place", "words"), REFUSED, ids=[f"{row[1]} {row[2][:40]}" for row in REFUSED])
def test_what_does_not_fit_is_refused_by_name_and_place(text: str, place: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, PATH)
    assert caught.value.field == f"{PATH}:{place}"
    assert words in str(caught.value)


def test_the_same_step_id_twice_is_refused() -> None:
    with pytest.raises(InputError, match="may not be used more than once"):
        parse("on: push\njobs: {a: {runs-on: x, steps: [{id: s, run: x}, {id: S, run: y}]}}", PATH)


def test_aliases_do_not_multiply() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    with pytest.raises(InputError, match="aliases that multiply"):
        parse("\n".join(lines), PATH)


def test_bytes_that_are_not_utf8_are_refused_with_their_place() -> None:
    with pytest.raises(InputError) as caught:
        decode(b"on: push\nname: \xff", PATH)
    assert caught.value.field == f"{PATH}:2:7"


@pytest.mark.parametrize(
    ("top", "job", "level"),
    [
        ("", "", "none"),
        ("permissions: {id-token: write}", "", "write"),
        ("permissions: write-all", "", "write"),
        ("permissions: read-all", "", "read"),
        ("permissions: {id-token: write}", "permissions: {contents: read}", "none"),
        ("permissions: {}", "permissions: {id-token: write}", "write"),
        ("permissions: {id-token: write}", "permissions: {}", "none"),
        ("permissions: read-all", "permissions: write-all", "write"),
    ],
)
def test_a_jobs_permissions_override_the_workflows(top: str, job: str, level: str) -> None:
    workflow = parse(one_job(job, top=top), PATH)
    assert effective(workflow.permissions, workflow.jobs["a"].permissions).level("id-token") == level


def test_a_called_workflow_cannot_exceed_its_caller() -> None:
    asked = parse(one_job("permissions: {id-token: write, contents: read}"), PATH).jobs["a"].permissions
    assert excess(asked, DEFAULT) == ("id-token", "write", "none")
    assert effective(None, asked, caller=DEFAULT).level("id-token") == "none"
    assert effective(None, None, caller=DEFAULT) == DEFAULT


def test_forks_only_read() -> None:
    lowered = read_only(parse(one_job("permissions: write-all"), PATH).jobs["a"].permissions or DEFAULT)
    assert lowered.level("contents") == "read"
    assert lowered.level("id-token") == "none"


def refused_place(text: str) -> str | None:
    """The file that a refusal names; None if there is none."""
    try:
        parse(text, PATH)
    except InputError as error:
        return error.field.split(":")[0]
    return None


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert refused_place(text) in (None, PATH)


FRAGMENTS = st.sampled_from(
    [
        *("on", "jobs", "push", "a", "steps", "run", "uses", "needs", "if", "true", "1e999", "!!int ", "%YAML 1.1\n"),
        *(":", ": ", "\n", "\n  ", "\n    ", "- ", "[", "]", "{", "}", "*x", "&x ", "${{ ", " }}", "'", '"', "|", ">"),
        *("---", "?"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(FRAGMENTS, max_size=25).map("".join))
def test_any_yaml_like_text_is_read_or_refused(text: str) -> None:
    assert refused_place(text) in (None, PATH)


LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["x", "${{ github.sha }}", "${{ x", "a@b"])
KEYS = st.sampled_from(["run", "uses", "if", "env", "with", "id", "steps", "needs", "runs-on", "strategy", "matrix"])


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)),
    st.sampled_from(["job", "on", "step", "top"]),
)
def test_any_shape_in_any_place_is_read_or_refused(value: object, place: str) -> None:
    import json

    job: object = {"runs-on": "x", "steps": [value if place == "step" else {"run": "x"}]}
    whole = {"on": value if place == "on" else "push", "jobs": {"a": value if place == "job" else job}}
    if place == "top":
        whole["env"] = value
    assert refused_place(json.dumps(whole)) in (None, PATH)


def test_an_anchor_that_is_named_twice_is_read_without_a_warning() -> None:
    text = "on: push\njobs: {a: {runs-on: &x ubuntu-latest, steps: [{run: &x 'true'}]}}\n"

    step = parse(text, "w.yml").jobs["a"].steps[0]
    assert step.run is not None
    assert step.run.value == "true"
