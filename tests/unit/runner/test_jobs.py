"""Jobs: triggers, order, conditions, matrices, called workflows, environments, and who gets an OIDC token."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ekswiz.errors import InputError
from ekswiz.workflow.parse import parse
from ekswiz_sim.runner.event import Repository, RunEvent, dispatch, pull_request, push, push_tag
from ekswiz_sim.runner.request import EnvironmentSettings
from ekswiz_sim.runner.run import Run
from ekswiz_sim.runner.trigger import judge

if TYPE_CHECKING:
    from unit.runner.lab import Lab

Job = Callable[..., str]
SHA = "a" * 40
REPOSITORY = Repository("octo", "app", "456789", "123456")
CALLED = ".github/workflows/called.yml"
FORK = pull_request(7, "topic", "main", SHA, REPOSITORY, fork="evil/app")
OWN_PULL = pull_request(7, "topic", "main", SHA, REPOSITORY)


def changed(*paths: str) -> RunEvent:
    return RunEvent("push", "refs/heads/main", SHA, paths=paths)


@pytest.mark.parametrize(
    ("on", "event", "starts"),
    [
        ("push", push("main", SHA, REPOSITORY), True),
        ("push", push_tag("v1", SHA, REPOSITORY), True),
        ("push", OWN_PULL, False),
        ("workflow_call", push("main", SHA, REPOSITORY), False),
        ("{push: {branches: [main]}}", push("main", SHA, REPOSITORY), True),
        ("{push: {branches: [main]}}", push("dev", SHA, REPOSITORY), False),
        ("{push: {branches: main}}", push_tag("main", SHA, REPOSITORY), False),
        ("{push: {branches: ['**', '!dev']}}", push("dev", SHA, REPOSITORY), False),
        ("{push: {branches: ['release/**']}}", push("release/a/b", SHA, REPOSITORY), True),
        ("{push: {branches: ['release/*']}}", push("release/a/b", SHA, REPOSITORY), False),
        ("{push: {branches-ignore: [dev]}}", push("dev", SHA, REPOSITORY), False),
        ("{push: {branches-ignore: [dev]}}", push("main", SHA, REPOSITORY), True),
        ("{push: {branches-ignore: [dev]}}", push_tag("v1", SHA, REPOSITORY), False),
        ("{push: {tags: ['v*']}}", push_tag("v1", SHA, REPOSITORY), True),
        ("{push: {tags: ['v*']}}", push("v1", SHA, REPOSITORY), False),
        ("{push: {tags: ['v*'], branches: [main]}}", push("main", SHA, REPOSITORY), True),
        ("{push: {tags-ignore: ['v*']}}", push_tag("v1", SHA, REPOSITORY), False),
        ("{push: {paths: ['app/**']}}", changed("app/main.py", "x"), True),
        ("{push: {paths: ['app/**']}}", changed("docs/x"), False),
        ("{push: {paths: ['**', '!docs/**']}}", changed("docs/x"), False),
        ("{push: {paths-ignore: ['docs/**']}}", changed("docs/x", "docs/y"), False),
        ("{push: {paths-ignore: ['docs/**']}}", changed("docs/x", "app/y"), True),
        ("{push: {paths: ['app/**']}}", push("main", SHA, REPOSITORY), True),
        ("pull_request", OWN_PULL, True),
        ("pull_request", FORK, True),
        ("{pull_request: {branches: [main]}}", OWN_PULL, True),
        ("{pull_request: {branches: [topic]}}", OWN_PULL, False),
        ("{pull_request: {types: [closed]}}", OWN_PULL, False),
        ("workflow_dispatch", dispatch("dev", SHA, REPOSITORY), True),
        ("push", dispatch("dev", SHA, REPOSITORY), False),
    ],
)
def test_which_events_start_a_workflow(on: str, event: RunEvent, starts: bool) -> None:
    workflow = parse(f"on: {on}\njobs: {{a: {{runs-on: x, steps: [{{run: x}}]}}}}", "w.yml")
    verdict = judge(workflow, event)
    assert verdict.starts is starts
    assert bool(verdict.why) is not starts


def test_a_run_that_does_not_start_is_not_ok_and_says_why(lab: Lab, make_job: Job) -> None:
    result = lab.run(make_job("- run: echo", on="{push: {branches: [main]}}"), push("dev", SHA, REPOSITORY))
    assert (result.ok, result.triggered) == (False, False)
    assert "Branch dev does not pass the filter `branches`." in result.why
    assert not lab.log()


def test_order_needs_outputs_and_skips(lab: Lab) -> None:
    result = lab.run("""\
        on: push
        jobs:
          last: {needs: [deploy], runs-on: x, steps: [{run: echo last}]}
          deploy:
            needs: build
            runs-on: x
            steps: [{run: 'echo "deploy ${{ needs.build.outputs.image }} ${{ needs.build.result }}"'}]
          build:
            runs-on: x
            outputs: {image: "${{ steps.b.outputs.image }}"}
            steps: [{id: b, run: "echo build; echo image=x@sha256:1 >> $GITHUB_OUTPUT"}]
        """)
    assert result.ok
    assert lab.log() == ["build", "deploy x@sha256:1 success", "last"]
    assert list(result.jobs) == ["build", "deploy", "last"]


def test_a_failure_skips_what_depends_on_it_unless_asked(lab: Lab) -> None:
    result = lab.run("""\
        on: push
        jobs:
          a: {runs-on: x, steps: [{run: exit 1}]}
          b: {needs: a, runs-on: x, steps: [{run: exit 1}]}
          c: {needs: b, if: failure(), runs-on: x, steps: [{run: echo c}]}
          d: {needs: a, if: always(), runs-on: x, steps: [{run: "echo ${{ needs.a.result }}"}]}
          e: {needs: d, runs-on: x, steps: [{run: exit 1}]}
          f: {runs-on: x, steps: [{run: echo f}]}
          g: {if: false, runs-on: x, steps: [{run: exit 1}]}
          h: {needs: g, runs-on: x, steps: [{run: exit 1}]}
        """)
    assert {name: job.result for name, job in result.jobs.items()} == {
        "a": "failure",
        "b": "skipped",
        "c": "success",
        "d": "success",
        "e": "skipped",
        "f": "success",
        "g": "skipped",
        "h": "skipped",
    }
    assert not result.ok
    assert result.failed_step is not None
    assert result.failed_step.job == "a"


def test_all_jobs_skipped_is_not_ok(lab: Lab, make_job: Job) -> None:
    result = lab.run(make_job("- run: echo", head="if: github.ref == 'refs/heads/dev'"))
    assert not result.ok
    assert result.why == "Every job was skipped."


def test_a_tolerated_job_does_not_fail_the_run(lab: Lab, make_job: Job) -> None:
    result = lab.run(make_job("- run: exit 1", head="continue-on-error: true"))
    assert result.ok
    assert "exit code 1" in result.jobs["a"].error


def test_matrix(lab: Lab) -> None:
    result = lab.run("""\
        on: push
        jobs:
          a:
            runs-on: ${{ matrix.os }}
            strategy:
              matrix:
                os: [linux, mac]
                v: [1, 2]
                exclude: [{os: mac, v: 1}]
                include: [{os: linux, extra: e}, {os: bsd, v: 9}]
            steps:
              - env: {AT: "${{ strategy.job-index }}/${{ strategy.job-total }}"}
                run: echo "${{ matrix.os }} ${{ matrix.v }} [${{ matrix.extra }}] $AT"
        """)
    assert result.ok
    assert lab.log() == ["linux 1 [e] 0/4", "linux 2 [e] 1/4", "mac 2 [] 2/4", "bsd 9 [] 3/4"]
    assert list(result.jobs) == ["a (linux, 1, e)", "a (linux, 2, e)", "a (mac, 2)", "a (bsd, 9)", "a"]


def test_matrix_from_json_and_fail_fast(lab: Lab) -> None:
    text = """\
        on: push
        jobs:
          make:
            runs-on: x
            outputs: {m: "${{ steps.s.outputs.m }}"}
            steps: [{id: s, run: "echo 'm=[1,2]' >> $GITHUB_OUTPUT"}]
          a:
            needs: make
            runs-on: x
            strategy: {fail-fast: FAST, matrix: {v: "${{ fromJSON(needs.make.outputs.m) }}"}}
            steps: [{run: exit 1}]
        """
    fast = lab.run(text.replace("FAST", "true"))
    assert (fast.jobs["a (1)"].result, fast.jobs["a (2)"].result, fast.jobs["a"].result) == (
        "failure",
        "cancelled",
        "failure",
    )
    slow = lab.run(text.replace("FAST", "false"))
    assert (slow.jobs["a (1)"].result, slow.jobs["a (2)"].result) == ("failure", "failure")


@pytest.mark.parametrize("matrix", ["{v: '${{ fromJSON(''[]'') }}'}", "{v: '${{ 1 }}'}", "'${{ 1 }}'"])
def test_a_matrix_that_is_none_fails_its_job(lab: Lab, make_job: Job, matrix: str) -> None:
    result = lab.run(make_job("- run: echo", head=f"strategy: {{matrix: {matrix}}}"))
    assert result.jobs["a"].result == "failure"
    assert "atrix" in result.jobs["a"].error


def oidc_job(job_permissions: str = "", top: str = "") -> str:
    return (
        f"on: [push, pull_request, pull_request_target, workflow_dispatch]\n{top}\njobs:\n  a:\n    runs-on: x\n"
        f"    {job_permissions}\n    steps: [{{run: 'echo \"[$ACTIONS_ID_TOKEN_REQUEST_URL]\"'}}]\n"
    )


@pytest.mark.parametrize(
    ("text", "event", "granted"),
    [
        (oidc_job(), push("main", SHA, REPOSITORY), False),
        (oidc_job("permissions: {id-token: write}"), push("main", SHA, REPOSITORY), True),
        (oidc_job(top="permissions: {id-token: write}"), push("main", SHA, REPOSITORY), True),
        (oidc_job(top="permissions: write-all"), push("main", SHA, REPOSITORY), True),
        (
            oidc_job("permissions: {contents: read}", "permissions: {id-token: write}"),
            push("main", SHA, REPOSITORY),
            False,
        ),
        (oidc_job("permissions: {id-token: write}"), OWN_PULL, True),
        (oidc_job("permissions: {id-token: write}"), FORK, False),
        (oidc_job("permissions: write-all"), FORK, False),
        (
            oidc_job("permissions: {id-token: write}"),
            RunEvent("pull_request_target", "refs/heads/main", SHA, base_ref="main", fork=True),
            True,
        ),
        (
            oidc_job("permissions: {id-token: write}"),
            RunEvent("push", "refs/heads/x", SHA, actor="dependabot[bot]"),
            False,
        ),
    ],
)
def test_who_gets_a_token_endpoint(lab: Lab, text: str, event: RunEvent, granted: bool) -> None:
    result = lab.run(text, event)
    assert result.ok
    assert (lab.log() != ["[]"]) is granted
    assert bool(lab.identities) is granted
    assert (not granted) or lab.log() == ["[http://127.0.0.1:9/token?job=1]"]


def test_a_fork_sees_no_secrets_and_no_variables_but_they_stay_masked(lab: Lab) -> None:
    text = oidc_job().replace("[$ACTIONS_ID_TOKEN_REQUEST_URL]", "[${{ secrets.S }}${{ vars.V }}] from-a-log-s3cret")
    lab.run(text, FORK, secrets={"S": "from-a-log-s3cret"}, variables={"V": "v"})
    assert lab.log() == ["[] ***"]


def test_the_identity_of_jobs_and_called_jobs(lab: Lab) -> None:
    lab.write(
        """\
        on: {workflow_call: {}}
        jobs:
          inner: {runs-on: x, environment: production, steps: [{run: echo}]}
        """,
        CALLED,
    )
    result = lab.run("""\
        on: push
        permissions: {id-token: write}
        jobs:
          build: {runs-on: x, steps: [{run: echo}]}
          stage: {runs-on: x, environment: "${{ github.ref_name }}-env", steps: [{run: echo}]}
          deploy: {uses: ./.github/workflows/called.yml}
        """)
    assert result.ok
    assert [(i.job, i.environment, i.workflow_path, i.job_workflow_path) for i in lab.identities] == [
        ("build", None, ".github/workflows/deploy.yml", ".github/workflows/deploy.yml"),
        ("stage", "main-env", ".github/workflows/deploy.yml", ".github/workflows/deploy.yml"),
        ("inner", "production", ".github/workflows/deploy.yml", CALLED),
    ]
    assert all(identity.event.sha == SHA for identity in lab.identities)


def test_called_workflows_take_inputs_and_secrets_and_give_outputs(lab: Lab) -> None:
    lab.write(
        """\
        on:
          workflow_call:
            inputs:
              image: {type: string, required: true}
              count: {type: number, default: 2}
              force: {type: boolean}
            secrets: {token: {required: true}}
            outputs: {url: {value: "${{ jobs.two.outputs.url }}"}}
        env: {OWN: own}
        jobs:
          one:
            runs-on: x
            steps: [{run: 'echo "${{ inputs.image }} ${{ inputs.count }} ${{ inputs.force }} [$CALLERS] $OWN"'}]
          two:
            needs: one
            runs-on: x
            outputs: {url: "${{ steps.s.outputs.url }}"}
            steps:
              - {id: s, run: 'echo "url=http://x" >> $GITHUB_OUTPUT'}
              - run: echo "[${{ secrets.token }}] [${{ secrets.OTHER }}]"
        """,
        CALLED,
    )
    result = lab.run(
        """\
        on: push
        env: {CALLERS: mine}
        jobs:
          call:
            uses: ./.github/workflows/called.yml
            with: {image: "x@${{ github.ref_name }}"}
            secrets: {token: "${{ secrets.T }}"}
          after:
            needs: call
            runs-on: x
            steps: [{run: "echo ${{ needs.call.outputs.url }} ${{ needs.call.result }}"}]
        """,
        secrets={"T": "topsecret", "OTHER": "other-secret"},
    )
    assert result.ok, result.why
    assert lab.log() == ["x@main 2 false [] own", "[***] []", "http://x success"]
    assert list(result.jobs) == ["call / one", "call / two", "call", "after"]


def test_inherited_secrets_and_failures_of_called_workflows(lab: Lab) -> None:
    lab.write("on: workflow_call\njobs: {i: {runs-on: x, steps: [{run: 'echo ${{ secrets.S }}x; exit 4'}]}}", CALLED)
    result = lab.run(
        "on: push\njobs: {c: {uses: ./.github/workflows/called.yml, secrets: inherit}}", secrets={"S": "inherited"}
    )
    assert lab.log()[0] == "***x"
    assert result.jobs["c"].result == "failure"
    assert result.failed_step is not None
    assert result.failed_step.job == "c / i"


INNER = "jobs: {i: {runs-on: x, steps: [{run: x}]}}"
CALL = "on: push\njobs:\n  c:\n    uses: ./.github/workflows/called.yml\n"


@pytest.mark.parametrize(
    ("called", "caller", "words"),
    [
        (None, CALL, "4:11.*workflow was not found"),
        ("on: push\njobs: {i: {runs-on: x, steps: [{run: x}]}}", CALL, "4:11.*does not name workflow_call"),
        (
            "on: {workflow_call: {inputs: {x: {type: string, required: true}}}}\n" + INNER,
            CALL,
            "Input x is required, but not provided while calling",
        ),
        (
            "on: workflow_call\njobs: {i: {runs-on: x, steps: [{run: x}]}}",
            CALL + "    with: {y: 1}\n",
            "5:15.*Invalid input, y is not defined in the referenced workflow",
        ),
        (
            "on: {workflow_call: {secrets: {t: {required: true}}}}\njobs: {i: {runs-on: x, steps: [{run: x}]}}",
            CALL,
            "Secret t is required, but not provided while calling",
        ),
        (
            "on: workflow_call\njobs: {i: {uses: ./.github/workflows/called.yml}}",
            CALL,
            "calls itself",
        ),
        (
            "on: workflow_call\njobs: {i: {runs-on: x, permissions: {id-token: write}, steps: [{run: x}]}}",
            CALL,
            "The nested job 'i' is requesting 'id-token: write', but is only allowed 'id-token: none'",
        ),
        ("on: workflow_call\njobs: {i: {runs-on: x, steps: [{uses: no/twin@v1}]}}", CALL, "called.yml:2:39.*no twin"),
    ],
)
def test_calls_that_cannot_be_are_refused_before_anything_runs(
    lab: Lab, called: str | None, caller: str, words: str
) -> None:
    if called is not None:
        lab.write(called, CALLED)
    lab.write(caller)
    with pytest.raises(InputError, match=words):
        Run(lab.request())


def test_a_called_job_gets_no_more_than_its_caller(lab: Lab) -> None:
    lab.write(
        "on: workflow_call\njobs: {i: {runs-on: x, steps: [{run: 'echo [$ACTIONS_ID_TOKEN_REQUEST_URL]'}]}}", CALLED
    )
    lab.run(CALL)
    assert lab.log() == ["[]"]
    lab.run(CALL + "    permissions: {id-token: write}\n")
    assert lab.log()[1] == "[http://127.0.0.1:9/token?job=1]"


def test_environments_give_variables_and_secrets_and_guard_branches(lab: Lab, make_job: Job) -> None:
    text = make_job(
        '- run: echo "${{ vars.V }} ${{ secrets.S }}!"',
        head="environment: {name: production, url: 'https://${{ github.ref_name }}.example.com'}",
        on="[push, workflow_dispatch]",
    )
    environments = {"production": EnvironmentSettings({"V": "prod"}, {"S": "prod-secret"}, ("main", "release/*"))}
    result = lab.run(text, environments=environments, variables={"V": "repo"}, secrets={"S": "repo-secret"})
    assert lab.log() == ["prod ***!"]
    assert (result.jobs["a"].environment, result.jobs["a"].url) == ("production", "https://main.example.com")
    denied = lab.run(text, push("dev", SHA, REPOSITORY), environments=environments)
    assert denied.failed_step is not None
    assert denied.failed_step.error == (
        'Branch "dev" is not allowed to deploy to production due to environment protection rules.'
    )


def test_manual_starts_have_typed_inputs(lab: Lab, make_job: Job) -> None:
    on = "{workflow_dispatch: {inputs: {force: {type: boolean, default: true}, stage: {type: choice, options: [a, b], "
    on += "required: true}, n: {type: number}}}}"
    text = make_job(
        "- run: echo ${{ inputs.force == true }} ${{ inputs.stage }} ${{ github.event.inputs.stage }}", on=on
    )
    lab.run(text, dispatch("main", SHA, REPOSITORY, {"stage": "b"}))
    assert lab.log() == ["true b b"]
    for given, words in (
        ({}, "Required input 'stage' not provided"),
        ({"stage": "c"}, "not in the list of allowed values"),
        ({"stage": "a", "x": "1"}, "Unexpected inputs provided"),
        ({"stage": "a", "force": "maybe"}, "must be a boolean"),
        ({"stage": "a", "n": "many"}, "must be a number"),
    ):
        with pytest.raises(InputError, match=words):
            Run(lab.request(dispatch("main", SHA, REPOSITORY, given)))


def test_each_job_has_a_machine_of_its_own(lab: Lab) -> None:
    lab.run("""\
        on: push
        jobs:
          a: {runs-on: x, steps: [{run: "touch file ~/file; echo $HOME"}]}
          b: {needs: a, runs-on: x, steps: [{run: "ls -A . ~ | grep file || echo clean; echo $HOME"}]}
        """)
    home_a, clean, home_b = lab.log()
    assert clean == "clean"
    assert home_a != home_b
    assert home_a.startswith(str(lab.root / "temp"))
