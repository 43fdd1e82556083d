"""Sweep: random worlds full of look-alikes. Whatever apply and destroy do, nothing that is not ours changes.

A hypothesis state machine: strangers make, re-create and re-tag objects beside and in the place of ours, journals get
lost, and ekswiz applies and destroys in between. After each of its runs every foreign object is compared as it is, with
its made-up ids: one that was deleted and made anew is caught, too.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Mapping
from typing import Any, ClassVar

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from chaos.death import run
from chaos.figures import Figures
from chaos.lab import Lab, trust_service
from chaos.meddling import delete, lives, recreate
from contract.mutators import kind
from ekswiz.answers import Answers
from ekswiz.blueprint import blueprint
from ekswiz.clients.kube_api import at, send
from ekswiz.errors import EkswizError
from unit.engine.fakes import ANSWERS

WORLDS, STEPS = 500, 6
SUFFIXES = ("2", "-old", "x", "-push", "")
OTHER = {"ekswiz:stack": "another", "ekswiz:address": "iam_role.push"}


def tags(other: bool) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in OTHER.items()] if other else []


class Worlds(RuleBasedStateMachine):
    """One random world."""

    answers: ClassVar[Answers] = ANSWERS
    figures: ClassVar[Figures]

    def __init__(self) -> None:
        super().__init__()
        self.lab = Lab(self.answers)
        self.root = self.lab.as_root()
        self.desired = blueprint(self.answers, delete_images=True, delete_protected=True)
        self.foreign: dict[tuple[str, ...], Any] = {}
        self.figures.cases += 1

    @initialize(applied=st.booleans())
    def begin(self, applied: bool) -> None:
        self._mine()
        if applied:
            self._ekswiz("apply")

    def teardown(self) -> None:
        try:
            self._ekswiz("destroy")
        finally:
            self.lab.close()

    # ---- strangers

    @rule(
        name=st.sampled_from(("push", "deploy", "cluster", "node")),
        suffix=st.sampled_from(SUFFIXES),
        other=st.booleans(),
    )
    def a_role_with_a_similar_name(self, name: str, suffix: str, other: bool) -> None:
        role = f"ekswiz-{self.answers.stack}-{name}{suffix}"
        self._make("iam", "create_role", "EntityAlreadyExists", RoleName=role, Tags=tags(other),
                   AssumeRolePolicyDocument=json.dumps(trust_service("ec2.amazonaws.com")))  # fmt: skip
        self._mine()

    @rule()
    def a_role_that_trusts_the_provider(self) -> None:
        arn = f"arn:aws:iam::{self.answers.account}:oidc-provider/{self.answers.issuer}"
        audience = {f"{self.answers.issuer}:aud": "sts.amazonaws.com", f"{self.answers.issuer}:sub": "repo:o/r:ref:x"}
        statement = {"Effect": "Allow", "Principal": {"Federated": arn}, "Action": "sts:AssumeRoleWithWebIdentity"}
        document = {"Version": "2012-10-17", "Statement": [{**statement, "Condition": {"StringEquals": audience}}]}
        self._make("iam", "create_open_id_connect_provider", "EntityAlreadyExists",
                   Url=f"https://{self.answers.issuer}", ClientIDList=["theirs"])  # fmt: skip
        self._make("iam", "create_role", "EntityAlreadyExists", RoleName="theirs",
                   AssumeRolePolicyDocument=json.dumps(document))  # fmt: skip
        self._mine()

    @rule(suffix=st.sampled_from(SUFFIXES), other=st.booleans())
    def a_repository_with_a_similar_name(self, suffix: str, other: bool) -> None:
        name = f"{self.answers.ecr_repository}{suffix.replace('--', '-')}"
        self._make("ecr", "create_repository", "RepositoryAlreadyExistsException", repositoryName=name,
                   tags=tags(other))  # fmt: skip
        self._mine()

    @rule(other=st.booleans())
    def an_access_entry(self, other: bool) -> None:
        arn = f"arn:aws:iam::{self.answers.account}:user/operator2"
        self._make("iam", "create_user", "EntityAlreadyExists", UserName="operator2")
        self._make("eks", "create_access_entry", "ResourceInUseException", clusterName=self.answers.cluster,
                   principalArn=arn, kubernetesGroups=[self.answers.kubernetes_group],
                   tags=dict(OTHER) if other else {})  # fmt: skip
        self._mine()

    @rule(name=st.sampled_from(("payments2", "payments-old", "team-b")), ours=st.booleans())
    def a_namespace(self, name: str, ours: bool) -> None:
        labels = {"ekswiz/stack": self.answers.stack} if ours else {}
        body = {"metadata": {"name": name, "labels": labels}}
        self._kubernetes("POST", at("api", "v1", "namespaces"), body)
        self._mine()

    @rule(path=st.sampled_from((".github/workflows/other.yml", "manifests/extra.yaml", "README.md")))
    def a_file(self, path: str) -> None:
        file = self.lab.checkout / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_text("mine: true\n")
        self._mine()

    @rule(which=st.integers(0, 99))
    def one_of_ours_is_made_anew_by_a_stranger(self, which: int) -> None:
        candidates = [r for r in self.desired if r.tenure == "owned" and kind(r) != "deployer_rbac"]
        resource = candidates[which % len(candidates)]
        if self._key(resource.address) in self.foreign:
            return
        delete(self.root, self.desired, resource.address)
        recreate(self.root, self.desired, resource.address)
        self._mine()

    @rule()
    def an_image_is_pushed(self) -> None:
        if "ecr_repository.app" in lives(self.root, self.desired):
            self.lab.push_image()
            self._mine()

    @rule()
    def the_journal_is_lost(self) -> None:
        shutil.rmtree(self.lab.home / "state", ignore_errors=True)

    # ---- ekswiz

    @rule()
    def apply(self) -> None:
        self._ekswiz("apply")

    @rule()
    def destroy(self) -> None:
        self._ekswiz("destroy")

    @rule()
    def destroy_with_images_kept(self) -> None:
        session = self.lab.session(delete_images=False)
        self._watched(lambda: list(session.destroy(self.lab.target(), _never())))

    def _ekswiz(self, how: Any) -> None:
        self._watched(lambda: run(self.lab, how))

    def _watched(self, act: Any) -> None:
        before = self._picture()
        try:
            act()
        except EkswizError:
            self.figures.add("runs refused")
        self.figures.add("runs")
        after = self._picture()
        for key in self.foreign:
            self.figures.add("foreign objects watched")
            assert _same(key, _at(before, key), _at(after, key)), (
                f"{key}: {_readable(_at(before, key))} -> {_readable(_at(after, key))}"
            )
        for key, thing in _flat(before).items():
            if not _ours(thing, self.answers.stack, key):
                assert _same(key, thing, _flat(after).get(key)), (
                    f"{key} is not ours: {_readable(thing)} -> {_readable(_at(after, key))}"
                )

    # ---- bookkeeping

    def _make(self, service: str, operation: str, taken: str, **parameters: Any) -> None:
        client = self.lab.root(service)
        try:
            getattr(client, operation)(**parameters)
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in (taken, "ResourceNotFoundException"):
                raise

    def _kubernetes(self, method: str, path: str, body: Any) -> None:
        try:
            send(self.root, self.answers.cluster, method, path, body)
        except EkswizError:
            return

    def _picture(self) -> dict[str, Any]:
        made = self.lab.snapshot()
        made["kubernetes"] = {f"{c}/{k}": v for c, objects in made["kubernetes"].items() for k, v in objects.items()}
        registry = made.pop("ecr")
        made |= {"ecr_repository": registry.pop("repositories", {}), "ecr_registry": registry}
        made["entries"] = {
            f"{cluster}/{arn}": entry for cluster, held in made.pop("eks").items()
            for arn, entry in held["accessEntries"].items()
        }  # fmt: skip
        return copy.deepcopy(made)

    def _mine(self) -> None:
        """Whatever is there now and is not ours is foreign from now on."""
        picture = self._picture()
        self.foreign = {key: None for key, thing in _flat(picture).items() if not _ours(thing, self.answers.stack, key)}

    def _key(self, address: str) -> tuple[str, ...]:
        return ("address", address)


def _never() -> Any:
    import threading

    return threading.Event()


def _flat(picture: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    return {(group, name): thing for group, things in picture.items() for name, thing in things.items()}


def _readable(value: Any) -> str:
    return str(value)[:300]


def _at(picture: Mapping[str, Any], key: tuple[str, ...]) -> Any:
    return picture.get(key[0], {}).get(key[1])


def _ours(thing: Any, stack: str, key: tuple[str, str]) -> bool:
    """Whether an object says that it is this stack's, or lives in its namespace."""
    if isinstance(thing, str):
        manifest = key[1].startswith("manifests/") and "mine" not in thing
        return manifest or f"Written by ekswiz for stack {stack}." in thing
    if not isinstance(thing, dict):
        return False
    held = thing.get("tags") or thing.get("metadata", {}).get("labels") or {}
    if isinstance(held, list):
        held = {tag.get("Key", tag.get("key")): tag.get("Value", tag.get("value")) for tag in held}
    inside = f"/{ANSWERS.namespace}/" in key[1] or key[1].endswith(f"namespaces//{ANSWERS.namespace}")
    return held.get("ekswiz:stack", held.get("ekswiz/stack")) == stack or (key[0] == "kubernetes" and inside)


def _same(key: tuple[str, ...], before: Any, after: Any) -> bool:
    """Equal; a shared provider may have gained our audience, which is the one change of a foreign object we make."""
    if key[0] == "oidc_provider" and before and after:
        kept = set(before["client_ids"]) <= set(after["client_ids"])
        return kept and {**before, "client_ids": []} == {**after, "client_ids": []}
    return bool(before == after)


def sweep(answers: Answers, size: int | None, number: int, shard: tuple[int, int] = (0, 1), name: str = "") -> Figures:
    """`size` random worlds."""
    figures = Figures(f"destroy safety{name}", "0 foreign objects changed", number)
    worlds = (WORLDS if size is None else size) // shard[1] or 1

    class Here(Worlds):
        pass

    Here.answers, Here.figures = answers, figures
    chosen = settings(
        max_examples=worlds, stateful_step_count=STEPS, deadline=None, database=None, print_blob=False,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    try:
        run_state_machine_as_test(seed(number * 1000 + shard[0])(Here), settings=chosen)
    except Exception as error:  # noqa: BLE001 - reported with the machine's own shrunk steps
        notes = "\n".join(getattr(error, "__notes__", ()))
        figures.failures.append(f"{type(error).__name__}: {str(error)[:600]} {notes[-1200:]}")
    return figures
