"""Lint: each rule has a file that it finds and one that it leaves alone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekswiz.workflow.lint import Expectations, Finding, lint
from ekswiz.workflow.parse import parse
from ekswiz.workflow.shellscan import scan

PATH = ".github/workflows/deploy.yml"
GUIDE = Path(__file__).parent / "data" / "guide.yml"
SHA = "e6de054238d6b7531b4efff3b6587d9aade6a06c"


def found(text: str, expected: Expectations | None = None) -> dict[str, list[Finding]]:
    made: dict[str, list[Finding]] = {}
    for finding in lint(parse(text, PATH), expected):
        made.setdefault(finding.id, []).append(finding)
    return made


def script(run: str, env: str = "{}", before: str = "run: echo") -> str:
    lines = ["on: push", "permissions: {}", "jobs:", "  a:", "    runs-on: x", "    steps:", f"      - {before}"]
    lines += ["      - run: |", *(f"          {line}" for line in run.splitlines()), f"        env: {env}"]
    return "\n".join(lines)


def test_the_guides_empty_repository_is_found_at_its_place() -> None:
    (finding,) = found(GUIDE.read_text())["undefined-variable"]
    assert (finding.position.line, finding.position.column) == (50, 52)
    assert finding.severity == "error"
    assert finding.sentence == (
        "$REPOSITORY is not defined in this step, so it is empty (it is set only in the step at line 32)."
    )
    line = GUIDE.read_text().splitlines()[49]
    assert line[51:].startswith("$REPOSITORY")


def test_the_guides_other_weaknesses_are_found() -> None:
    ids = set(found(GUIDE.read_text()))
    assert ids >= {
        "secret-in-script",
        "unpinned-action",
        "secret-region",
        "constant-session-name",
        "no-rollout-status",
        "dispatch-any-branch",
        "no-concurrency",
        "no-timeout",
        "persisted-credentials",
    }


@pytest.mark.parametrize(
    "run",
    [
        'echo "$X"',
        "echo ${X}",
        "echo ${#X}",
        "echo ${X%.*}",
        "echo ${X//a/b}",
        "echo $(echo $X)",
        "echo `echo $X`",
        'echo "a $(cat "$X")"',
        "cat <<EOF\n$X\nEOF",
        "echo $((X + $X))",
        "A=$X",
        "env A=$X true",
        "docker build --build-arg X=$X .",
        "echo 'a' $X 'b'",
        "if [ -n $X ]; then true; fi",
        "echo ${Y:-$X}",
        'sed -i.bak "s|A|$X/b|g" file',
        "echo a#$X",
        "[[ $X == y ]] && echo",
    ],
)
def test_an_undefined_variable_is_found(run: str) -> None:
    assert [f.sentence.split()[0] for f in found(script(run))["undefined-variable"]] == ["$X"]


@pytest.mark.parametrize(
    "run",
    [
        "echo '$X'",
        "echo \\$X",
        'echo "\\$X"',
        "# $X",
        "echo a # $X",
        "cat <<'EOF'\n$X\nEOF",
        'cat <<"EOF"\n$X\nEOF\necho',
        "X=1\necho $X",
        "X=1; echo $X",
        "export X=1\necho $X",
        "declare -r X=1\necho $X",
        "readonly X Y=2\necho $X $Y",
        "for X in a b; do echo $X; done",
        "while read -r X Y; do echo $X $Y; done < file",
        "read -p 'name? ' X\necho $X",
        "mapfile -t X < file\necho ${X[0]}",
        "printf -v X %s 1\necho $X",
        "if X=$(date); then echo $X; fi",
        "true && X=1\necho $X",
        "X[0]=a\necho ${X[@]}",
        "X+=a\necho $X",
        "echo ${X:-default}",
        "echo ${X-}",
        "echo ${X:?must be set}",
        ": ${X:=1}\necho $X",
        "echo ${!X}",
        "source ./vars\necho $X",
        ". ./vars && echo $X",
        'eval "$(cmd)"\necho $X',
        "((X=1))\necho $X",
        "echo $1 $@ $# $? $$ $! $0 $- $*",
        "echo $HOME $PATH $GITHUB_SHA $RUNNER_TEMP $CI $RANDOM $BASH_VERSION",
        "echo $'a$X'",
        "echo ${{ github.sha }}",
        "awk '{print $X}' file",
        "echo 5$",
        "echo $",
    ],
)
def test_a_defined_or_quoted_variable_is_left_alone(run: str) -> None:
    assert "undefined-variable" not in found(script(run))


def test_variables_of_all_scopes_and_of_earlier_steps_are_known() -> None:
    assert "undefined-variable" not in found(script("echo $X", env="{X: 1}"))
    assert "undefined-variable" not in found("env: {X: 1}\n" + script("echo $X"))
    assert "undefined-variable" not in found(script("echo $X", before="run: echo X=1 >> $GITHUB_ENV"))
    assert "undefined-variable" not in found(script("echo $X", before="run: 'echo \"X<<E\" >> $GITHUB_ENV'"))
    assert "undefined-variable" not in found(script("echo $X", before="run: ./set >> $GITHUB_ENV"))
    assert "undefined-variable" not in found(script("echo $X", before="uses: somebody/sets-things@v1"))
    assert "undefined-variable" in found(script("echo $X", before="uses: actions/checkout@v4"))
    configure = "uses: aws-actions/configure-aws-credentials@v4"
    assert "undefined-variable" not in found(script("echo $AWS_REGION", before=configure))
    assert "undefined-variable" in found(script("echo $AWS_REGION"))


def test_a_python_step_is_not_read_as_a_shell_script() -> None:
    assert "undefined-variable" not in found(script("echo $X").replace("- run: |", "- shell: python\n        run: |"))


def job(body: str, *, on: str = "push", top: str = "permissions: {}") -> str:
    return f"on: {on}\n{top}\njobs:\n  a: {{runs-on: x, {body}}}\n  b: {{runs-on: x, steps: [{{run: x}}]}}\n"


OIDC = f"aws-actions/configure-aws-credentials@{SHA}"
ID = "permissions: {id-token: write}, "

RULES: list[tuple[str, str, str]] = [
    (
        "script-injection",
        job("steps: [{run: 'echo ${{ github.event.issue.title }}'}]"),
        job("steps: [{run: 'echo ${{ github.event.pull_request.number }} ${{ github.sha }}'}]"),
    ),
    (
        "script-injection",
        job("steps: [{run: 'echo ${{ github.head_ref }}'}]"),
        job("steps: [{run: echo, env: {A: '${{ github.head_ref }}'}}]"),
    ),
    (
        "secret-in-script",
        job("steps: [{run: 'echo ${{ secrets.X }}'}]"),
        job("steps: [{run: echo, env: {X: '${{ secrets.X }}'}}]"),
    ),
    ("missing-id-token", job(f"steps: [{{uses: {OIDC}}}]"), job(f"{ID}steps: [{{uses: {OIDC}}}]")),
    (
        "missing-id-token",
        job(f"permissions: {{contents: read}}, steps: [{{uses: {OIDC}}}]", top="permissions: {id-token: write}"),
        job(f"steps: [{{uses: {OIDC}}}]", on="workflow_call", top="name: x"),
    ),
    ("unpinned-action", job("steps: [{uses: a/b@v1}]"), job(f"steps: [{{uses: a/b@{SHA}}}]")),
    ("implicit-permissions", job("steps: [{run: x}]", top="name: x"), job("steps: [{run: x}]")),
    ("write-all", job("permissions: write-all, steps: [{run: x}]"), job("permissions: read-all, steps: [{run: x}]")),
    (
        "untrusted-checkout",
        job(
            "steps: [{uses: actions/checkout@v4, with: {ref: '${{ github.event.pull_request.head.sha }}'}}]",
            on="pull_request_target",
        ),
        job("steps: [{uses: actions/checkout@v4}]", on="pull_request_target"),
    ),
    (
        "persisted-credentials",
        job("steps: [{uses: actions/checkout@v4}]"),
        job("steps: [{uses: actions/checkout@v4, with: {persist-credentials: false}}]"),
    ),
    (
        "if-always-true",
        job("if: \"${{ github.ref == 'x' }} && true\", steps: [{run: x}]"),
        job("if: \"${{ github.ref == 'x' }}\", steps: [{run: x}]"),
    ),
    ("any-branch", job(f"{ID}steps: [{{run: x}}]"), job(f"{ID}steps: [{{run: x}}]", on="{push: {branches: [main]}}")),
    (
        "dispatch-any-branch",
        job(f"{ID}steps: [{{uses: {OIDC}}}]", on="workflow_dispatch"),
        job(f"{ID}if: github.ref == 'refs/heads/main', steps: [{{run: x}}]", on="workflow_dispatch"),
    ),
    (
        "secret-region",
        job(f"steps: [{{uses: {OIDC}, with: {{aws-region: '${{{{ secrets.R }}}}'}}}}]"),
        job(f"steps: [{{uses: {OIDC}, with: {{aws-region: '${{{{ vars.R }}}}'}}}}]"),
    ),
    (
        "constant-session-name",
        job(f"steps: [{{uses: {OIDC}, with: {{role-session-name: x}}}}]"),
        job(f"steps: [{{uses: {OIDC}, with: {{role-session-name: 'x-${{{{ github.run_id }}}}'}}}}]"),
    ),
    (
        "no-rollout-status",
        job("steps: [{run: kubectl apply -f x}]"),
        job("steps: [{run: kubectl apply -f x}, {run: kubectl rollout status deployment/x}]"),
    ),
    (
        "no-concurrency",
        job(f"{ID}steps: [{{run: x}}]"),
        job(f"{ID}concurrency: {{group: x}}, steps: [{{run: x}}]"),
    ),
    ("no-timeout", job(f"{ID}steps: [{{run: x}}]"), job(f"{ID}timeout-minutes: 5, steps: [{{run: x}}]")),
    (
        "unknown-need",
        job("env: {A: '${{ needs.b.outputs.x }}'}, steps: [{run: x}]"),
        job("needs: b, env: {A: '${{ needs.b.result }}'}, steps: [{run: x}]"),
    ),
    (
        "unknown-output",
        job("needs: b, env: {A: '${{ needs.b.outputs.x }}'}, steps: [{run: x}]"),
        job("needs: b, env: {A: '${{ needs.b.outputs.* }}'}, steps: [{run: x}]"),
    ),
    (
        "unknown-step",
        job("steps: [{run: x, env: {A: '${{ steps.s.outputs.x }}'}}, {id: s, run: x}]"),
        job("steps: [{id: s, run: x}, {run: x, env: {A: '${{ steps.S.outputs.x }}'}}]"),
    ),
]


@pytest.mark.parametrize(("rule", "bad", "good"), RULES, ids=[row[0] for row in RULES])
def test_rule(rule: str, bad: str, good: str) -> None:
    assert rule in found(bad)
    assert rule not in found(good)
    for finding in found(bad)[rule]:
        assert finding.sentence.endswith(".")
        assert finding.fix.endswith((".", "`."))


def test_the_environment_and_the_branch_are_held_against_the_answers() -> None:
    text = job(
        "environment: staging, permissions: {id-token: write}, steps: [{run: x}]", on="{push: {branches: [dev]}}"
    )
    ids = found(text, Expectations("main", {"a": "production", "b": None, "c": "x"}))
    assert [f.sentence for f in ids["wrong-environment"]] == [
        "Job `a` has environment staging, but its role trusts environment production."
    ]
    assert "branch-not-started" in ids
    assert "missing-job" in ids
    calm = found(text, Expectations("dev", {"a": "staging", "b": None}))
    assert not {"wrong-environment", "branch-not-started", "missing-job"} & set(calm)


def test_errors_come_first() -> None:
    order = {"error": 0, "warning": 1, "info": 2}
    ranks = [order[finding.severity] for finding in lint(parse(GUIDE.read_text(), PATH))]
    assert ranks == sorted(ranks)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("aX$'\"\\{}()<>#=;|&\n `-:EOF"), max_size=60))
def test_any_script_is_scanned(text: str) -> None:
    for use in scan(text).uses:
        assert text[use.offset] == "$"
        assert use.name in text


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is the judge here")
@pytest.mark.parametrize(
    "text",
    [
        "echo $X",
        "echo '$X'",
        'echo "$X"',
        "cat <<'E'\n$X\nE",
        "cat <<E\n$X\nE",
        "echo \\$X",
        "X=1; echo $X",
        "echo ${X-}",
    ],
)
def test_bash_agrees(text: str) -> None:
    done = subprocess.run(["bash", "-uc", text], capture_output=True, check=False, env={"PATH": "/usr/bin:/bin"})
    result = scan(text)
    missing = any(use.name == "X" and not use.guarded and use.name not in result.defines for use in result.uses)
    assert missing == (done.returncode != 0)
