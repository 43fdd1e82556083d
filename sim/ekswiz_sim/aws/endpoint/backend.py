"""The backend whose IAM or EC2 an endpoint keeps; what the endpoint lacks stays embedded.

The gate looks at the endpoint's objects as at its own, so a trust policy that somebody wrote there is judged like any
other. What others change there is seen within `LASTING` seconds; what is changed through the gate, at once.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ekswiz_sim.aws.endpoint import names
from ekswiz_sim.aws.endpoint.ec2_seen import Ec2Seen
from ekswiz_sim.aws.endpoint.iam_look import IamLook
from ekswiz_sim.aws.endpoint.iam_seen import Policy, Version
from ekswiz_sim.aws.endpoint.made import ASKED, Made, Thing, asked
from ekswiz_sim.aws.endpoint.removal import tagged
from ekswiz_sim.aws.endpoint.wire import Wire
from ekswiz_sim.aws.moto_backend import Emulated, MotoBackend, managed_document
from ekswiz_sim.gate.wire import Reply

LASTING = 5.0
"""Seconds that a look holds while nothing is written through the gate."""
READS = re.compile(r"(?:Get|List|Describe|Simulate|Generate)[A-Z]")
REFUSED = 400


class EndpointBackend(MotoBackend):
    """One account's IAM and EC2, of which an endpoint keeps `served`.

    Args:
        wire: The endpoint.
        served: The services that it has.
        home: The world's folder, where what is made there is noted.
    """

    def __init__(self, wire: Wire, served: frozenset[str], home: Path) -> None:
        super().__init__(wire.account, wire.region)
        self.wire = wire
        self.served = served
        self._made = Made(home, wire)
        self._secrets: dict[str, str] = {}
        self._look = IamLook(wire, self._aws_policy, self._secrets)
        self._looked = dict.fromkeys(sorted(served), float("-inf"))
        self._ec2_seen = Ec2Seen(wire)
        if "iam" in served:
            self._refresh("iam")

    def call(self, service: Emulated, form: Mapping[str, str], access_key: str = "") -> Reply:
        """One judged call, passed on to the endpoint if it has the service.

        Raises:
            ServiceError: ServiceUnavailable; the endpoint does not answer.
        """
        if service not in self.served:
            return super().call(service, form, access_key)
        with self.lock:
            self.used.add(service)
            operation = form["Action"]
            if service == "iam":
                form = self._named(operation, form, access_key)
            if READS.match(operation):
                self._refresh(service)
                return self.wire.send(service, form)
            return self._write(service, operation, form)

    def _write(self, service: Emulated, operation: str, form: Mapping[str, str]) -> Reply:
        thing = self._making(service, operation, form)
        if thing is not None:
            self._made.begin(thing)
        reply = self.wire.send(service, form)
        self._note(service, operation, form, reply, thing)
        if service == "iam":
            self._look.after(operation)
        else:
            self.look_again()
        return reply

    def replace(self, remove: Mapping[str, str], make: Mapping[str, str]) -> None:
        """Make an IAM object anew, in two calls that count as none: whose it is does not change.

        Raises:
            ServiceError: The endpoint does not answer.
        """
        with self.lock:
            for form in (remove, make):
                self.wire.send("iam", form)
            self._look.after(make["Action"])

    def look_again(self) -> None:
        """What was seen of EC2 is no longer so."""
        self._ec2_seen = Ec2Seen(self.wire)
        self._looked["ec2"] = time.monotonic()

    def _refresh(self, service: Emulated) -> None:
        """See what others did there, if the last look is some time ago."""
        if time.monotonic() - self._looked[service] <= LASTING:
            return
        if service == "ec2":
            self.look_again()
        else:
            self._look.everything()
            self._looked["iam"] = time.monotonic()

    def _named(self, operation: str, form: Mapping[str, str], access_key: str) -> Mapping[str, str]:
        """A call about "me" names the user: the endpoint knows only the account's own key."""
        if operation not in names.ABOUT_ME or "UserName" in form:
            return form
        key = self._look.seen.access_keys.get(access_key)
        return {**form, "UserName": key.user_name} if key is not None else form

    # ---- the note of what was made

    def _making(self, service: Emulated, operation: str, form: Mapping[str, str]) -> Thing | None:
        """What the call makes; None if it makes nothing, or something of that name is there already."""
        if service == "iam":
            thing = names.made_by(operation, form, f"arn:{self.partition}:iam::{self.account}:")
            return None if thing is None or names.there(thing, self._look.seen) else thing
        kind = names.EC2_MADE.get(operation)
        if kind is None:
            return None
        return asked(operation, kind, form, [name for name, _ in tagged(self.wire, kind)])

    def _note(
        self, service: Emulated, operation: str, form: Mapping[str, str], reply: Reply, thing: Thing | None
    ) -> None:
        """Write down what became of a call."""
        refused = reply.status >= REFUSED
        text = "" if refused else reply.body.decode("utf-8", "replace")
        if operation == "CreateAccessKey" and not refused:
            self._secrets[names.member(text, "AccessKeyId")] = names.member(text, "SecretAccessKey")
        if thing is not None:
            self._made.end(thing, None if refused else _became(thing, operation, text))
        elif not refused:
            removed = names.removed_by(service, operation, form)
            if removed is not None:
                self._made.forget(removed)

    # ---- looking

    @property
    def iam(self) -> Any:
        """IAM's objects as the gate reads them; never written to. Hold `lock` while you look."""
        return self._look.seen if "iam" in self.served else super().iam

    @property
    def ec2(self) -> Any:
        """EC2's objects as the guards read them. Hold `lock` while you look."""
        return self._ec2_seen if "ec2" in self.served else super().ec2

    def ec2_association(self, identifier: str) -> Sequence[str]:
        """Ids of the route table and the subnet of a route table association; none if there is no such."""
        self.used |= self.served & {"ec2"}
        return super().ec2_association(identifier)

    def ec2_tags(self, identifier: str) -> Mapping[str, str]:
        """Tags of an EC2 object; empty if there is none."""
        self.used |= self.served & {"ec2"}
        return super().ec2_tags(identifier)

    def reset(self) -> None:
        """The world is gone: forget what was embedded. What the endpoint keeps is settled by the note."""
        self.used -= self.served
        super().reset()
        self.wire.close()

    # ---- AWS's own policies

    def ensure_all_managed(self) -> None:
        """The endpoint lists what it knows."""
        if "iam" not in self.served:
            super().ensure_all_managed()

    def _add_managed(self, name: str, data: dict[str, Any] | None) -> None:
        if "iam" not in self.served:
            super()._add_managed(name, data)
        elif data is not None:
            policy = _from_aws(self.partition, name, data)
            self._look.seen.managed_policies[policy.arn] = policy

    def _aws_policy(self, arn: str) -> Policy | None:
        name = arn.rpartition("/")[2]
        data = managed_document(name) if arn.startswith(f"arn:{self.partition}:iam::aws:policy/") else None
        return _from_aws(self.partition, name, data) if data is not None else None


def _from_aws(partition: str, name: str, data: Mapping[str, Any]) -> Policy:
    version = str(data["DefaultVersionId"])
    arn = f"arn:{partition}:iam::aws:policy{data['Path']}{name}"
    return Policy(name, arn, f"ANPA{name}", version, [Version(version, json.dumps(data["Document"]))])


def _became(thing: Thing, operation: str, text: str) -> Thing:
    """What is there after the answer: for EC2 the id in it."""
    kind, name = thing
    if kind == ASKED:
        return names.EC2_MADE[operation], names.member(text, names.EC2_ID[names.EC2_MADE[operation]])
    return (kind, f"{name}/{names.member(text, 'AccessKeyId')}") if kind == "access-key" else (kind, name)
