"""Steps: shells, files for the runner, commands, masks, conditions."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ekswiz.errors import InputError
from ekswiz_sim.runner.run import Run
from ekswiz_sim.seams import ActionCall, ActionResult

if TYPE_CHECKING:
    from unit.runner.lab import Lab

Job = Callable[..., str]


def test_outputs_with_lines_and_heredocs(lab: Lab, make_job: Job) -> None:
    result = lab.run(
        make_job(
            """
            - id: one
              run: |
                echo "plain=a=b" >> "$GITHUB_OUTPUT"
                { echo "many<<END"; echo one; echo; echo "two << x"; echo END; } >> "$GITHUB_OUTPUT"
                printf 'empty<<E\\nE\\nlast=1\\nlast=2' >> "$GITHUB_OUTPUT"
            - id: two
              env: {MANY: "${{ steps.one.outputs.many }}"}
              run: printf '%s' "$MANY" | od -c | head -1; echo "many is [$MANY]"
            """,
            head="outputs: {plain: '${{ steps.one.outputs.plain }}', last: '${{ steps.one.outputs.last }}'}",
        )
    )
    assert result.ok
    assert result.jobs["a"].outputs == {"plain": "a=b", "last": "2"}
    assert dict(result.jobs["a"].steps[0].outputs) == {
        "plain": "a=b",
        "many": "one\n\ntwo << x",
        "empty": "",
        "last": "2",
    }
    assert "two << x]" in lab.log()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nonsense", "Invalid format 'nonsense'"),
        ("x<<END", "Matching delimiter not found 'END'"),
        ("=value", "Name must not be empty"),
        ("x<<", "Delimiter must not be empty"),
    ],
)
@pytest.mark.parametrize("file", ["OUTPUT", "ENV"])
def test_a_malformed_file_fails_the_step(lab: Lab, line: str, words: str, file: str) -> None:
    result = lab.script(f"echo '{line}' >> $GITHUB_{file}")
    assert not result.ok
    assert result.failed_step is not None
    assert f"Unable to process file command '{file.lower()}' successfully." in result.failed_step.error
    assert words in result.failed_step.error


def test_env_and_path_reach_later_steps_only(lab: Lab, make_job: Job) -> None:
    lab.run(
        make_job(
            """
            - run: |
                echo "A=from-file" >> "$GITHUB_ENV"
                mkdir -p "$RUNNER_TEMP/tools"
                printf '#!/bin/sh\\necho my tool\\n' > "$RUNNER_TEMP/tools/tool"
                chmod +x "$RUNNER_TEMP/tools/tool"
                echo "$RUNNER_TEMP/tools" >> "$GITHUB_PATH"
                echo "here [$A]"
            - run: |
                echo "there [$A] [${{ env.A }}]"
                tool
            - env: {A: own}
              run: echo "own [$A] [${{ env.A }}]"
            """
        )
    )
    assert lab.log() == ["here []", "there [from-file] [from-file]", "my tool", "own [own] [own]"]


def test_node_options_cannot_be_set(lab: Lab) -> None:
    result = lab.script("echo NODE_OPTIONS=--inspect >> $GITHUB_ENV")
    assert result.failed_step is not None
    assert "Can't store NODE_OPTIONS output parameter" in result.failed_step.error


def test_layers_of_env_and_what_a_workflow_cannot_change(lab: Lab, make_job: Job) -> None:
    lab.run(
        make_job(
            """
            - env: {C: step, GITHUB_SHA: forged, RUNNER_OS: forged}
              run: echo "$A $B $C ${GITHUB_SHA:0:3} $RUNNER_OS $CI $GITHUB_ACTIONS $GITHUB_ACTION"
            """,
            top="env: {A: top, B: top, C: top}",
            head="env: {B: job, C: job}",
        )
    )
    assert lab.log() == ["top job step aaa Linux true true __run"]


@pytest.mark.parametrize(
    ("shell", "script", "expected"),
    [
        ("", "false | true; echo on", ["on"]),
        ("bash", "false | true; echo on", []),
        ("sh", "echo $0 | grep -c .sh", ["1"]),
        ("python", "import sys; print(1 + 1, sys.argv[0][-3:])", ["2 .py"]),
        ("bash -x {0}", "true", ["+ true"]),
        ("bash {0}", "false; echo on", ["on"]),
    ],
)
def test_shells(lab: Lab, make_job: Job, shell: str, script: str, expected: list[str]) -> None:
    result = lab.run(make_job(f"- run: {json.dumps(script)}\n" + (f"  shell: {shell}" if shell else "")))
    assert [line for line in lab.log() if not line.startswith("##")] == expected
    assert result.ok == bool(expected)


def test_defaults_and_working_directories(lab: Lab, make_job: Job) -> None:
    result = lab.run(
        make_job(
            """
            - run: mkdir -p sub/deep
              working-directory: .
            - run: basename "$PWD"; false | true; echo never
              continue-on-error: true
            - run: basename "$PWD"
              working-directory: sub/deep
            - run: echo
              working-directory: nowhere
            """,
            head="defaults: {run: {shell: bash, working-directory: sub}}",
        )
    )
    assert [line for line in lab.log() if not line.startswith("##")] == ["sub", "deep"]
    assert result.failed_step is not None
    assert "No such file or directory" in result.failed_step.error


def test_a_failed_step_shows_its_log_and_what_decided(lab: Lab) -> None:
    result = lab.script("echo before\necho '::error file=app.py,line=3,col=7,title=Broken::it broke'\nexit 3")
    failed = result.failed_step
    assert failed is not None
    assert (failed.job, failed.step) == ("a", "Run echo before")
    assert failed.error == "it broke Process completed with exit code 3."
    assert failed.log == ("before", "##[error]it broke", "##[error]Process completed with exit code 3.")
    first = result.annotations[0]
    assert (first.level, first.file, first.line, first.column, first.title) == ("error", "app.py", "3", "7", "Broken")
    finished = [event for event in lab.events if event.type == "stage" and event.data["state"] == "finished"]
    assert [(event.data["step"], event.data["ok"]) for event in finished] == [("Run echo before", False), (None, False)]
    assert finished[0].data["log"] == list(failed.log)


def test_a_missing_command_is_127_and_a_signal_is_128_and_more(lab: Lab) -> None:
    first = lab.script("no-such-command-anywhere").failed_step
    assert first is not None
    assert "exit code 127" in first.error
    second = lab.script("kill -KILL $$").failed_step
    assert second is not None
    assert "exit code 137" in second.error


def test_commands(lab: Lab) -> None:
    result = lab.script(
        """
        echo "::group::My group"
        echo "inside"
        echo "::endgroup::"
        echo "::debug::not shown"
        echo "::notice::a%0Ab%25c"
        echo "::warning title=T%3AU%2C::w"
        echo "##[warning]old form"
        echo "::unknown::stays"
        echo "text ::error::stays"
        echo "::stop-commands::tok-1"
        echo "::error::not an error"
        echo "::tok-1::"
        echo "::notice::again"
        echo "::set-output name=old::value"
        """
    )
    assert result.ok
    assert [(a.level, a.message, a.title) for a in result.annotations[:4]] == [
        ("notice", "a\nb%c", ""),
        ("warning", "w", "T:U,"),
        ("warning", "old form", ""),
        ("notice", "again", ""),
    ]
    assert "The `set-output` command is deprecated" in result.annotations[4].message
    assert result.jobs["a"].steps[0].outputs == {"old": "value"}
    log = lab.log()
    assert log[:3] == ["##[group]My group", "inside", "##[endgroup]"]
    assert "::unknown::stays" in log
    assert "text ::error::stays" in log
    assert "::error::not an error" in log
    assert not [line for line in log if "not shown" in line]


@pytest.mark.parametrize("command", ["set-env name=A::b", "add-path::/x", "stop-commands::", "stop-commands::error"])
def test_commands_that_github_refuses_fail_the_step(lab: Lab, command: str) -> None:
    result = lab.script(f'echo "::{command}"\necho "A=[$A]"')
    assert not result.ok
    assert result.failed_step is not None
    assert any(line.startswith("##[error]Unable to process command") for line in result.failed_step.log)
    assert "A=[]" in lab.log()


def test_masks_hide_secrets_in_everything(lab: Lab) -> None:
    secrets = {"PASSWORD": 'hunter2"x y', "LINES": "first-line\nsecond-line", "EMPTY": ""}
    result = lab.script(
        """
        echo "$P"
        echo "a${P}b${P}"
        printf '%s' "$P" | base64
        echo second-line
        echo "hunter2%22x%20y"
        echo "::add-mask::new-secret"
        echo "new-secret again"
        echo "::error::found $P"
        echo "sum $P" >> $GITHUB_STEP_SUMMARY
        exit 1
        """,
        step="  env: {P: '${{ secrets.PASSWORD }}'}",
        secrets=secrets,
    )
    everything = json.dumps([event.message for event in lab.events] + [dict(event.data) for event in lab.events])
    everything += repr(result.annotations) + result.summary + repr(result.failed_step)
    for secret in ("hunter2", "second-line", "new-secret", "aHVudGVyMi"):
        assert secret not in everything
    assert lab.log()[:2] == ["***", "a***b***"]
    assert result.summary == "sum ***"
    assert "found ***" in result.annotations[0].message


def test_an_output_that_holds_a_secret_is_not_passed_on(lab: Lab) -> None:
    lab.write("""\
        on: push
        jobs:
          a:
            runs-on: x
            outputs: {registry: "${{ steps.s.outputs.registry }}", plain: "${{ steps.s.outputs.plain }}"}
            steps:
              - id: s
                run: |
                  echo "registry=1.dkr.ecr.us-east-1.amazonaws.com" >> $GITHUB_OUTPUT
                  echo "plain=x" >> $GITHUB_OUTPUT
          b:
            needs: a
            runs-on: x
            steps:
              - run: echo "[${{ needs.a.outputs.registry }}] [${{ needs.a.outputs.plain }}]"
        """)
    result = lab.run(secrets={"AWS_REGION": "us-east-1"})
    assert result.ok
    assert "[] [x]" in lab.log()
    assert [a.message for a in result.annotations] == ["Skip output 'registry' since it may contain secret."]


def test_conditions_and_status(lab: Lab, make_job: Job) -> None:
    result = lab.run(
        make_job(
            """
            - {name: never, if: "github.ref == 'refs/heads/dev'", run: exit 1}
            - {name: tolerated, id: t, continue-on-error: true, run: exit 1}
            - {name: outcome, if: "steps.t.outcome == 'failure' && steps.t.conclusion == 'success'", run: echo}
            - {name: breaks, run: exit 1}
            - {name: skipped, run: echo}
            - {name: on failure, if: failure(), run: "echo ${{ job.status }}"}
            - {name: always, if: always(), run: echo}
            - {name: mixed, if: "${{ always() && false }}", run: exit 1}
            """
        )
    )
    assert lab.steps() == [
        ("never", "skipped"),
        ("tolerated", "success"),
        ("outcome", "success"),
        ("breaks", "failure"),
        ("skipped", "skipped"),
        ("on failure", "success"),
        ("always", "success"),
        ("mixed", "skipped"),
    ]
    assert result.jobs["a"].result == "failure"
    assert "failure" in lab.log()


def test_an_expression_that_fails_fails_its_step_with_its_place(lab: Lab, make_job: Job) -> None:
    result = lab.run(make_job("- run: echo ${{ fromJSON('{') }}"))
    assert result.failed_step is not None
    assert "The template is not valid. .github/workflows/deploy.yml (Line: 6, Col: 14)" in result.failed_step.error


def test_contexts(lab: Lab, make_job: Job) -> None:
    lab.run(
        make_job(
            """
            - run: |
                echo "${{ github.repository }} ${{ github.repository_owner_id }} ${{ github.ref_name }}"
                echo "${{ github.workflow_ref }} $GITHUB_WORKFLOW_REF $GITHUB_JOB"
                echo "${{ vars.REGION }} ${{ vars.region }} [${{ vars.NOPE }}] ${{ runner.os }}"
                test "$PWD" = "${{ github.workspace }}" && test "$HOME" != "$GITHUB_WORKSPACE"
                python3 -c 'import json,os; print(json.load(open(os.environ["GITHUB_EVENT_PATH"]))["ref"])'
                echo "${{ github.event.repository.full_name }} ${{ github.token == secrets.GITHUB_TOKEN }}"
                echo "${{ hashFiles('nothing/**') }}|${{ hashFiles('*.txt') }}" | wc -c
            """
        ),
        variables={"REGION": "eu-west-1"},
    )
    assert lab.log() == [
        "octo/app 123456 main",
        "octo/app/.github/workflows/deploy.yml@refs/heads/main octo/app/.github/workflows/deploy.yml@refs/heads/main a",
        "eu-west-1 eu-west-1 [] Linux",
        "refs/heads/main",
        "octo/app true",
        "2",
    ]


def test_hash_files_sees_the_workspace(lab: Lab, make_job: Job) -> None:
    lab.run(make_job("- run: echo x > a.txt; mkdir d; echo y > d/b.txt\n- run: echo ${{ hashFiles('**/*.txt') }}"))
    first = lab.log()[-1]
    assert len(first) == 64
    lab.run(make_job("- run: echo x > a.txt; mkdir d; echo z > d/b.txt\n- run: echo ${{ hashFiles('**/*.txt') }}"))
    assert lab.log()[-1] != first


def test_actions_get_inputs_and_leave_outputs_env_path_and_posts(lab: Lab, make_job: Job) -> None:
    order: list[str] = []

    def sets(call: ActionCall) -> ActionResult:
        order.append("main " + call.inputs["name"])
        assert call.env["INPUT_NAME"] == call.inputs["name"]
        call.log("::notice::from the action\nsecond line")
        with Path(call.env["GITHUB_OUTPUT"]).open("a") as file:
            file.write("by-file=1\n")
        with Path(call.env["GITHUB_STATE"]).open("a") as file:
            file.write("kept=yes\n")

        def post(later: ActionCall) -> None:
            order.append(f"post {later.inputs['name']} {later.env['STATE_kept']}")
            later.log("cleaning up")

        return ActionResult(ok=True, outputs={"x": "1"}, env={"FROM_ACTION": "e"}, masks=("hide-me",), post=post)

    lab.actions["test/sets"] = sets
    result = lab.run(
        make_job(
            """
            - {id: one, uses: Test/Sets@v1, with: {Name: "${{ github.ref_name }}"}}
            - {uses: test/sets@v1, with: {name: two}}
            - run: echo "$FROM_ACTION ${{ steps.one.outputs.x }} ${{ steps.one.outputs.by-file }} hide-me"; exit 1
            """
        )
    )
    assert order == ["main main", "main two", "post two yes", "post main yes"]
    assert "e 1 1 ***" in lab.log()
    assert "second line" in lab.log()
    assert lab.log().count("cleaning up") == 2
    assert [a.message for a in result.annotations if a.level == "notice"] == ["from the action"] * 2
    assert result.jobs["a"].result == "failure"


def test_an_action_that_fails_or_raises_fails_its_step(lab: Lab, make_job: Job) -> None:
    def fails(call: ActionCall) -> ActionResult:
        return ActionResult(ok=False, error="Could not assume role with OIDC", outputs={"x": "1"})

    def raises(call: ActionCall) -> ActionResult:
        raise RuntimeError("boom")

    def bad_post(call: ActionCall) -> ActionResult:
        def post(later: ActionCall) -> None:
            raise RuntimeError("post boom")

        return ActionResult(ok=True, post=post)

    lab.actions.update({"test/fails": fails, "test/raises": raises, "test/post": bad_post})
    for action, words in (("fails", "Could not assume role"), ("raises", "boom"), ("post", "post boom")):
        result = lab.run(make_job(f"- uses: test/{action}@v1"))
        assert not result.ok
        assert result.failed_step is not None
        assert words in result.failed_step.error


@pytest.mark.parametrize(
    ("steps", "head", "place", "words"),
    [
        ("- uses: some/action@v1", "", "6:15", "The action 'some/action' has no twin"),
        ("- {run: x, shell: pwsh}", "", "6:25", "The shell 'pwsh' is not supported"),
        ("- {run: x, shell: zsh}", "", "6:25", "Invalid shell option"),
        ("- run: x", "defaults: {run: {shell: cmd}}", "5:29", "The shell 'cmd' is not supported"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_runs(
    lab: Lab, make_job: Job, *, steps: str, head: str, place: str, words: str
) -> None:
    lab.write(make_job(steps, head=head))
    with pytest.raises(InputError) as caught:
        Run(lab.request())
    assert caught.value.field == f".github/workflows/deploy.yml:{place}"
    assert words in str(caught.value)


def test_windows_and_missing_files_are_refused(lab: Lab) -> None:
    with pytest.raises(InputError, match="no such workflow file"):
        Run(lab.request())
    lab.write("on: push\njobs: {a: {runs-on: windows-latest, steps: [{run: x}]}}")
    with pytest.raises(InputError, match=r"2:21.*Windows"):
        Run(lab.request())


def test_nothing_of_this_machine_leaks_into_a_step(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = "canary-7f3a"
    names = (
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "SSH_AUTH_SOCK",
        "HTTPS_PROXY",
        "KUBECONFIG",
    )
    for name in (*names, "MY_SECRET", "PYTHONPATH", "LD_PRELOAD_X"):
        monkeypatch.setenv(name, canary)
    home = lab.root / "real-home"
    home.mkdir()
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(canary)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{lab.root}/{canary}:{os.environ['PATH']}")
    monkeypatch.setenv("TZ", "UTC")
    result = lab.script("env | sort\ncat ~/.aws/credentials || echo no credentials\necho ~\necho TZ=$TZ")
    assert result.ok
    log = lab.log()
    assert not [line for line in log if canary in line]
    assert "no credentials" in log
    assert "TZ=UTC" in log
    assert not [line for line in log if line.startswith(("AWS_ACCESS", "AWS_PROFILE", "GITHUB_TOKEN", "GH_TOKEN"))]
    names_seen = {line.split("=")[0] for line in log if "=" in line}
    assert names_seen >= {"GITHUB_SHA", "GITHUB_REPOSITORY_OWNER_ID", "RUNNER_TEMP", "RUNNER_TOOL_CACHE", "HOME"}
