"""The whole stack against moto (IAM, ECR) and fakes (EKS, Kubernetes): plan, apply, drift, destroy."""

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ekswiz.engine.lock import lock
from ekswiz.errors import InputError, JournalError, Locked, TargetError
from ekswiz.events import Event
from ekswiz.paths import WORKFLOW_PATH
from ekswiz.plan import Plan
from ekswiz.risks import EVERY
from ekswiz.session import Session
from unit.engine.fakes import ACCOUNT, ANSWERS, REGION, World, audiences, aws_error, world

PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
DEPLOY = ANSWERS.deploy_role
ENTRY = f"arn:aws:iam::{ACCOUNT}:role/{DEPLOY}"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "checkout").mkdir()
    with world(tmp_path / "checkout") as made:
        yield made


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(ANSWERS, state_dir=tmp_path / "state", allow_risks=EVERY)


def applied(session: Session, here: World, plan: Plan | None = None) -> list[Event]:
    target = here.target()
    events = list(session.apply(plan or session.plan(target), target, threading.Event()))
    assert [event for event in events if event.type not in ("started", "applied", "progress")] == []
    return events


def signs(plan: Plan) -> dict[str, str]:
    return {c.address: c.action.value for c in plan.changes if c.action.value != "="}


def everything(here: World) -> dict[str, Any]:
    """Every object of the world, without made-up ids and times."""
    iam, ecr = here.clients["iam"], here.clients["ecr"]
    roles = {
        role["RoleName"]: (
            role["AssumeRolePolicyDocument"],
            iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"],
        )
        for role in iam.list_roles()["Roles"]
    }
    return {
        "providers": sorted(p["Arn"] for p in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]),
        "roles": roles,
        "repositories": sorted(r["repositoryName"] for r in ecr.describe_repositories()["repositories"]),
        "entries": {arn: entry["kubernetesGroups"] for arn, entry in here.eks.entries.items()},
        "kubernetes": sorted(here.kubernetes.objects),
        "files": {str(p.relative_to(here.checkout)): p.read_text() for p in here.checkout.rglob("*") if p.is_file()},
    }


def test_apply_then_nothing_to_do_then_destroy_leaves_the_world_as_it_was(session: Session, here: World) -> None:
    before = everything(here)
    applied(session, here)
    assert session.plan(here.target()).pending == ()
    assert everything(here) != before
    assert all(e.type in ("started", "applied") for e in session.destroy(here.target(), threading.Event()))
    assert everything(here) == before
    assert session.destroy_plan(here.target()).pending == ()


def test_every_object_is_created_with_its_tags(session: Session, here: World) -> None:
    applied(session, here)
    iam, ecr = here.clients["iam"], here.clients["ecr"]
    arn = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/payments-api"
    tagged = {
        "iam_role.push": iam.get_role(RoleName=ANSWERS.push_role)["Role"]["Tags"],
        "oidc_provider.github": iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)["Tags"],
        "ecr_repository.app": ecr.list_tags_for_resource(resourceArn=arn)["tags"],
        "access_entry.deploy": [{"Key": k, "Value": v} for k, v in here.eks.entries[ENTRY]["tags"].items()],
    }
    for address, tags in tagged.items():
        found = {tag["Key"]: tag["Value"] for tag in tags}
        assert found["ekswiz:stack"] == "payments"
        assert found["ekswiz:address"] == address
        assert found["ekswiz:version"]
    labels = here.kubernetes.objects["/api/v1/namespaces/payments"]["metadata"]["labels"]
    assert labels["ekswiz/stack"] == "payments"
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_what_stands_in_iam_is_what_was_planned(session: Session, here: World) -> None:
    from ekswiz.iam.documents import deploy_trust, push_policy

    applied(session, here)
    iam = here.clients["iam"]
    assert iam.get_role(RoleName=DEPLOY)["Role"]["AssumeRolePolicyDocument"] == deploy_trust(ANSWERS)
    inline = iam.get_role_policy(RoleName=ANSWERS.push_role, PolicyName="ekswiz")
    assert inline["PolicyDocument"] == push_policy(ANSWERS)
    repository = here.clients["ecr"].describe_repositories()["repositories"][0]
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert here.eks.entries[ENTRY]["kubernetesGroups"] == ["ekswiz:payments:deployers"]


WIDE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
DRIFTS: dict[str, tuple[Callable[[World], Any], dict[str, str]]] = {
    "audience removed": (
        lambda _: audiences(PROVIDER).clear(),
        {"oidc_provider.github": "~"},
    ),
    "trust changed": (
        lambda w: w.clients["iam"].update_assume_role_policy(RoleName=DEPLOY, PolicyDocument=json.dumps(WIDE)),
        {"iam_role.deploy": "~"},
    ),
    "policy added": (
        lambda w: w.clients["iam"].put_role_policy(
            RoleName=DEPLOY,
            PolicyName="more",
            PolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
            ),
        ),
        {"iam_role.deploy": "~"},
    ),
    "policy removed": (
        lambda w: w.clients["iam"].delete_role_policy(RoleName=ANSWERS.push_role, PolicyName="ekswiz"),
        {"iam_role.push": "~"},
    ),
    "managed policy attached": (
        lambda w: w.clients["iam"].attach_role_policy(
            RoleName=DEPLOY,
            PolicyArn=w.clients["iam"].create_policy(
                PolicyName="p",
                PolicyDocument=json.dumps(
                    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
                ),
            )["Policy"]["Arn"],
        ),
        {"iam_role.deploy": "~"},
    ),
    "session lengthened": (
        lambda w: w.clients["iam"].update_role(RoleName=DEPLOY, MaxSessionDuration=7200),
        {"iam_role.deploy": "~"},
    ),
    "tags mutable": (
        lambda w: w.clients["ecr"].put_image_tag_mutability(
            repositoryName="payments-api", imageTagMutability="MUTABLE"
        ),
        {"ecr_repository.app": "~"},
    ),
    "scan off": (
        lambda w: w.clients["ecr"].put_image_scanning_configuration(
            repositoryName="payments-api", imageScanningConfiguration={"scanOnPush": False}
        ),
        {"ecr_repository.app": "~"},
    ),
    "lifecycle removed": (
        lambda w: w.clients["ecr"].delete_lifecycle_policy(repositoryName="payments-api"),
        {"ecr_repository.app": "~"},
    ),
    "repository deleted": (
        lambda w: w.clients["ecr"].delete_repository(repositoryName="payments-api"),
        {"ecr_repository.app": "+"},
    ),
    "entry deleted": (lambda w: w.eks.entries.clear(), {"access_entry.deploy": "+"}),
    "groups changed": (
        lambda w: w.eks.entries[ENTRY].update(kubernetesGroups=["system:masters"]),
        {"access_entry.deploy": "~"},
    ),
    "cluster admin associated": (
        lambda w: w.eks.policies.update(
            {ENTRY: {"arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"}}
        ),
        {"access_entry.deploy": "~"},
    ),
    "entry outlived its role": (
        lambda w: w.eks.entries[ENTRY]["tags"].update({"ekswiz:role-id": "AROAOLD"}),
        {"access_entry.deploy": "±"},
    ),
    "namespace deleted": (
        lambda w: w.kubernetes.objects.clear(),
        {"namespace.app": "+", "deployer_rbac.deployer": "+"},
    ),
    "pod security off": (
        lambda w: w.kubernetes.objects["/api/v1/namespaces/payments"]["metadata"]["labels"].pop(
            "pod-security.kubernetes.io/enforce"
        ),
        {"namespace.app": "~"},
    ),
    "rule added": (
        lambda w: next(v for k, v in w.kubernetes.objects.items() if "/roles/" in k)["rules"].append(
            {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
        ),
        {"deployer_rbac.deployer": "~"},
    ),
    "binding deleted": (
        lambda w: w.kubernetes.objects.pop(next(k for k in w.kubernetes.objects if "/rolebindings/" in k)),
        {"deployer_rbac.deployer": "~"},
    ),
    "somebody else bound": (
        lambda w: next(v for k, v in w.kubernetes.objects.items() if "/rolebindings/" in k)["subjects"].append(
            {"kind": "User", "name": "eve"}
        ),
        {"deployer_rbac.deployer": "~"},
    ),
    "bound to another role": (
        lambda w: next(v for k, v in w.kubernetes.objects.items() if "/rolebindings/" in k)["roleRef"].update(
            name="admin"
        ),
        {"deployer_rbac.deployer": "±"},
    ),
    "workflow edited": (
        lambda w: (w.checkout / WORKFLOW_PATH).open("a").write("# edited\n"),
        {f"repository_file.{WORKFLOW_PATH}": "~"},
    ),
    "workflow deleted": (
        lambda w: (w.checkout / WORKFLOW_PATH).unlink(),
        {f"repository_file.{WORKFLOW_PATH}": "+"},
    ),
    "manifest edited": (lambda w: (w.checkout / "manifests/service.yaml").write_text("mine"), {}),
}


@pytest.mark.parametrize("what", DRIFTS)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_drift_is_reported_exactly_and_repaired(session: Session, here: World, what: str) -> None:
    applied(session, here)
    meddle, expected = DRIFTS[what]
    meddle(here)
    plan = session.plan(here.target())
    assert signs(plan) == expected
    applied(session, here, plan)
    assert signs(session.plan(here.target())) == {}


def test_a_role_made_anew_gets_a_new_entry(session: Session, here: World) -> None:
    applied(session, here)
    iam = here.clients["iam"]
    iam.delete_role_policy(RoleName=DEPLOY, PolicyName="ekswiz")
    iam.delete_role(RoleName=DEPLOY)
    plan = session.plan(here.target())
    assert signs(plan) == {"iam_role.deploy": "+", "access_entry.deploy": "±"}
    applied(session, here, plan)
    role_id = iam.get_role(RoleName=DEPLOY)["Role"]["RoleId"]
    assert here.eks.entries[ENTRY]["tags"]["ekswiz:role-id"] == role_id


def destroyed(session: Session, here: World) -> Plan:
    plan = session.destroy_plan(here.target())
    events = list(session.apply(plan, here.target(), threading.Event()))
    assert [event for event in events if event.type not in ("started", "applied")] == []
    return plan


def reason(plan: Plan, address: str) -> str:
    (change,) = (c for c in plan.changes if c.address == address)
    assert change.action.value == "="
    return change.why


def make_provider(here: World, audience: str = "sts.amazonaws.com") -> None:
    here.clients["iam"].create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=[audience, "other"], ThumbprintList=["a" * 40]
    )


def test_an_existing_provider_is_adopted_and_stays(session: Session, here: World) -> None:
    make_provider(here)
    before = everything(here)
    plan = session.plan(here.target())
    assert next(c for c in plan.changes if c.address == "oidc_provider.github").adopted
    applied(session, here, plan)
    assert "existed before" in reason(destroyed(session, here), "oidc_provider.github")
    assert everything(here) == before


def test_a_provider_without_our_audience_gets_it(session: Session, here: World) -> None:
    make_provider(here, audience="else")
    applied(session, here)
    found = here.clients["iam"].get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)
    assert set(found["ClientIDList"]) == {"else", "other", "sts.amazonaws.com"}


def make_role(here: World, name: str, **tags: str) -> None:
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": PROVIDER}}]}
    pairs = [{"Key": key.replace("_", ":"), "Value": value} for key, value in tags.items()]
    here.clients["iam"].create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), Tags=pairs)


def test_our_provider_stays_while_others_trust_it(session: Session, here: World) -> None:
    applied(session, here)
    make_role(here, "somebody-elses")
    assert "somebody-elses" in reason(destroyed(session, here), "oidc_provider.github")
    assert everything(here)["providers"] == [PROVIDER]
    here.clients["iam"].delete_role(RoleName="somebody-elses")
    destroyed(session, here)
    assert everything(here)["providers"] == []


def test_a_look_alike_role_is_not_touched_and_keeps_its_provider(session: Session, here: World) -> None:
    applied(session, here)
    iam = here.clients["iam"]
    iam.delete_role_policy(RoleName=DEPLOY, PolicyName="ekswiz")
    iam.delete_role(RoleName=DEPLOY)
    make_role(here, DEPLOY, ekswiz_stack="payments")
    plan = destroyed(session, here)
    assert "a later one of the same name" in reason(plan, "iam_role.deploy")
    assert DEPLOY in everything(here)["roles"]


def test_an_object_without_our_tag_is_kept(session: Session, here: World) -> None:
    applied(session, here)
    here.clients["iam"].untag_role(RoleName=ANSWERS.push_role, TagKeys=["ekswiz:stack"])
    assert "nothing on it says" in reason(destroyed(session, here), "iam_role.push")
    here.clients["iam"].tag_role(RoleName=ANSWERS.push_role, Tags=[{"Key": "ekswiz:stack", "Value": "other"}])
    assert "stack 'other'" in reason(destroyed(session, here), "iam_role.push")


def put_image(here: World) -> None:
    media_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": media_type, "config": {"digest": "sha256:0", "size": 1}, "layers": []}
    here.clients["ecr"].put_image(repositoryName="payments-api", imageManifest=json.dumps(manifest), imageTag="v1")


def test_a_repository_with_images_stays_until_that_is_agreed_to(session: Session, here: World) -> None:
    applied(session, here)
    put_image(here)
    assert "--delete-images" in reason(destroyed(session, here), "ecr_repository.app")
    assert everything(here)["repositories"] == ["payments-api"]
    willing = dataclasses.replace(session, delete_images=True)
    plan = destroyed(willing, here)
    assert "images-lost" in {risk.id for change in plan.changes for risk in change.risks}
    assert everything(here)["repositories"] == []


def test_images_pushed_after_the_plan_are_not_lost(session: Session, here: World) -> None:
    applied(session, here)
    plan = session.destroy_plan(here.target())
    put_image(here)
    events = list(session.apply(plan, here.target(), threading.Event()))
    failed = next(event for event in events if event.type == "failed")
    assert failed.address == "ecr_repository.app"
    assert "RepositoryNotEmptyException" in failed.message
    assert everything(here)["repositories"] == ["payments-api"]


def test_destroy_works_by_tags_when_the_journal_is_gone(session: Session, here: World) -> None:
    before = everything(here)
    applied(session, here)
    session.journal_path.unlink()
    plan = destroyed(session, here)
    assert all("tag-only" in {r.id for r in c.risks} for c in plan.changes if c.action.value == "-")
    left = everything(here)
    assert set(left["files"]) == {f"manifests/{n}.yaml" for n in ("deployment", "service", "kustomization")}
    assert {**left, "files": {}} == before


def test_a_users_edited_manifest_survives_destroy(session: Session, here: World) -> None:
    applied(session, here)
    (here.checkout / "manifests/service.yaml").write_text("mine")
    destroyed(session, here)
    assert everything(here)["files"] == {"manifests/service.yaml": "mine"}


def test_a_users_manifests_are_kept_from_the_start(session: Session, here: World) -> None:
    (here.checkout / "manifests").mkdir()
    (here.checkout / "manifests/deployment.yaml").write_text("mine")
    before = everything(here)
    applied(session, here)
    destroyed(session, here)
    assert everything(here) == before


@pytest.mark.parametrize("adopt", [False, True])
def test_a_users_own_workflow_is_never_overwritten(session: Session, here: World, adopt: bool) -> None:
    (here.checkout / WORKFLOW_PATH).parent.mkdir(parents=True)
    (here.checkout / WORKFLOW_PATH).write_text("name: mine\n")
    willing = dataclasses.replace(session, adopt=adopt)
    plan = willing.plan(here.target())
    change = next(c for c in plan.changes if c.address.endswith("deploy.yml"))
    assert "not-our-file" in {risk.id for risk in change.risks}
    events = list(willing.apply(plan, here.target(), threading.Event()))
    assert [e.address for e in events if e.type == "failed"] == [change.address]
    assert (here.checkout / WORKFLOW_PATH).read_text() == "name: mine\n"


def test_a_symbolic_link_does_not_lead_out_of_the_checkout(session: Session, here: World, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (here.checkout / "manifests").symlink_to(tmp_path / "outside")
    with pytest.raises(TargetError, match="leads out"):
        session.plan(here.target())
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_foreign_role_of_our_name_stops_only_what_needs_it(session: Session, here: World) -> None:
    make_role(here, DEPLOY)
    plan = session.plan(here.target())
    events = list(session.apply(plan, here.target(), threading.Event()))
    assert {e.address for e in events if e.type == "failed"} == {"iam_role.deploy"}
    skipped = {"access_entry.deploy", f"repository_file.{WORKFLOW_PATH}"}
    assert {e.address for e in events if e.type == "skipped"} == skipped
    willing = dataclasses.replace(session, adopt=True)
    applied(willing, here)
    assert signs(session.plan(here.target())) == {}
    assert "existed before" in reason(destroyed(session, here), "iam_role.deploy")


def test_a_cluster_without_access_entries_is_explained_and_not_switched(session: Session, here: World) -> None:
    here.eks.mode = "CONFIG_MAP"
    plan = session.plan(here.target())
    cluster = next(c for c in plan.changes if c.address == "eks_cluster.main")
    assert [risk.id for risk in cluster.risks] == ["config-map"]
    assert "update-cluster-config" in cluster.risks[0].sentence
    events = list(session.apply(plan, here.target(), threading.Event()))
    failed = [event for event in events if event.type == "failed"]
    assert [event.address for event in failed] == ["access_entry.deploy"]
    assert "API_AND_CONFIG_MAP" in failed[0].message
    assert here.eks.mode == "CONFIG_MAP"


def test_a_cluster_that_does_not_exist_is_said_before_anything_else(session: Session, here: World) -> None:
    here.eks.cluster = "another"
    with pytest.raises(TargetError, match="There is no EKS cluster 'platform-dev' in eu-west-1"):
        session.plan(here.target())


def test_a_denied_read_is_a_question_mark(session: Session, here: World) -> None:
    def deny(service: str, operation: str) -> None:
        if operation == "get_role":
            raise aws_error("AccessDenied", "User is not authorized to perform: iam:GetRole", "GetRole", 403)

    here.before_call = deny
    plan = session.plan(here.target())
    assert {a for a, sign in signs(plan).items() if sign == "?"} == {"iam_role.push", "iam_role.deploy"}
    assert "iam:GetRole" in next(c for c in plan.changes if c.address == "iam_role.push").why


@pytest.mark.parametrize(("field", "value"), [("account", "999999999999"), ("region", "us-east-1")])
def test_answers_for_another_place_are_refused(session: Session, here: World, field: str, value: str) -> None:
    other = dataclasses.replace(session, answers=dataclasses.replace(ANSWERS, **{field: value}))
    with pytest.raises(InputError) as caught:
        other.plan(here.target())
    assert caught.value.field == field


def test_one_run_at_a_time_per_stack(session: Session, here: World) -> None:
    plan = session.plan(here.target())
    with lock(session.journal_path.with_suffix(".lock")), pytest.raises(Locked):
        next(session.apply(plan, here.target(), threading.Event()))


def test_planning_writes_nothing(session: Session, here: World) -> None:
    session.plan(here.target())
    session.destroy_plan(here.target())
    assert not session.journal_path.parent.exists()


def test_a_damaged_journal_stops_everything_before_the_first_call(session: Session, here: World) -> None:
    applied(session, here)
    content = session.journal_path.read_bytes()
    session.journal_path.write_bytes(content.replace(b"iam_role.push", b"iam_role.pusH"))
    with pytest.raises(JournalError):
        session.plan(here.target())
    session.journal_path.write_bytes(content[:-3])
    events = list(session.apply(session.plan(here.target()), here.target(), threading.Event()))
    assert [event.type for event in events] == ["log"]
    assert "left by a crash" in events[0].message


def test_no_secret_is_in_journal_or_plan(session: Session, here: World) -> None:
    applied(session, here)
    text = session.journal_path.read_text() + json.dumps(session.plan(here.target()).to_json())
    assert "testing" not in text.replace("ekswiz", "")


def test_two_services_of_one_repository_have_files_roles_and_trust_of_their_own(here: World, tmp_path: Path) -> None:
    names = {"stack": "api", "folder": "services/api", "namespace": "api", "ecr_repository": "shop/api"}
    first = dataclasses.replace(ANSWERS, **names, environment="api-production")
    names = {"stack": "web", "folder": "services/web", "namespace": "web", "ecr_repository": "shop/web"}
    second = dataclasses.replace(ANSWERS, **names, environment=None)
    sessions = [Session(a, state_dir=tmp_path / a.stack, allow_risks=EVERY) for a in (first, second)]
    for session in sessions:
        applied(session, here)

    assert [signs(session.plan(here.target())) for session in sessions] == [{}, {}]
    workflows = sorted(path.name for path in (here.checkout / WORKFLOW_PATH).parent.iterdir())
    assert workflows == ["deploy-api.yml", "deploy-web-to-eks.yml", "deploy-web.yml"]
    trust = here.clients["iam"].get_role(RoleName=second.deploy_role)["Role"]["AssumeRolePolicyDocument"]
    assert "/deploy-web-to-eks.yml@" in json.dumps(trust)

    gone = sessions[0].destroy_plan(here.target())
    assert not [c for c in gone.pending if "web" in c.address]
