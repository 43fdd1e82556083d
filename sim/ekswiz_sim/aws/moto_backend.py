"""moto, in process: the state behind IAM and EC2, its request handlers called without socket or server.

moto keeps its state per process and account, so several worlds live side by side under different accounts. Its code
is not made for threads: every call and every look at its objects holds one lock for the whole process.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal
from urllib.parse import urlencode

from ekswiz_sim.gate.wire import Reply

MOTO_LOCK = threading.RLock()
_LOADING = threading.Lock()
_IAM_VERSION = "2010-05-08"
_EC2_VERSION = "2016-11-15"
Emulated = Literal["iam", "ec2"]


def partition_of(region: str) -> str:
    """The partition of a region's name: aws, aws-cn or aws-us-gov."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


@cache
def _dispatcher(service: Emulated) -> Any:
    """Moto's request handler. Called without Flask around it: that saves a world 0.3 s of imports."""
    if service == "iam":
        from moto.iam.responses import IamResponse  # 1 s; loaded with the first call

        return IamResponse.dispatch
    from moto.ec2.responses import EC2Response  # 2 s; loaded with the first call

    _lighten()
    return EC2Response.dispatch


def _lighten() -> None:
    """Leave out what costs every world 4,000 objects, and every error answer 5 ms.

    No machine image is ever asked for here; the table of error codes is the same for every answer.
    """
    from moto import settings
    from moto.core import errors

    vars(settings)["ec2_load_default_amis"] = bool
    vars(errors)["ErrorLookupFactory"] = cache(errors.ErrorLookupFactory)


def _loaded(service: Emulated) -> Any:
    """The handler, loaded outside of the lock: EC2's takes two seconds, and nobody else shall wait."""
    with _LOADING:
        return _dispatcher(service)


class MotoBackend:
    """One account's IAM and EC2.

    Args:
        account: Twelve digits, unique among the worlds of this process.
        region: The world's only region.
    """

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self.partition = partition_of(region)
        self.lock = MOTO_LOCK
        self.used: set[str] = set()

    def call(self, service: Emulated, form: Mapping[str, str], access_key: str = "") -> Reply:
        """One query-protocol call, already judged. `access_key` tells IAM who "the caller" is."""
        dispatch = _loaded(service)
        version = _IAM_VERSION if service == "iam" else _EC2_VERSION
        scope = f"Credential={access_key or 'AKIA'}/20260101/{self.region}/{service}/aws4_request"
        headers = {
            "x-moto-account-id": self.account,
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=verified-by-the-gate",
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        }
        body = urlencode({"Version": version, **form})
        host = "iam.amazonaws.com" if service == "iam" else f"{service}.{self.region}.amazonaws.com"
        url = f"http://{host}/"
        with self.lock:
            self.used.add(service)
            return _reply(dispatch, url, headers, body)

    @property
    def iam(self) -> Any:
        """Moto's IAM objects of this account. Hold `lock` while you look."""
        from moto.iam.models import iam_backends

        self.used.add("iam")
        return iam_backends[self.account][self.partition]

    @property
    def ec2(self) -> Any:
        """Moto's EC2 objects of this account and region. Hold `lock` while you look."""
        from moto.ec2.models import ec2_backends

        self.used.add("ec2")
        return ec2_backends[self.account][self.region]

    def ec2_association(self, identifier: str) -> Sequence[str]:
        """Ids of the route table and the subnet of a route table association; none if there is no such."""
        with self.lock:
            tables = self.ec2.route_tables.values() if "ec2" in self.used else ()
            for table in tables:
                if identifier in table._associations:  # noqa: SLF001 - moto shows it nowhere else
                    return [table.id, table._associations[identifier]]  # noqa: SLF001 - as above
        return []

    def ec2_tags(self, identifier: str) -> Mapping[str, str]:
        """Tags of an EC2 object; empty if there is none."""
        if "ec2" not in self.used:
            return {}
        with self.lock:
            return dict(self.ec2.tags.get(identifier, {}))

    def reset(self) -> None:
        """Forget this account: the world is gone."""
        with self.lock:
            if "iam" in self.used:
                from moto.iam.models import iam_backends

                iam_backends.pop(self.account, None)
            if "ec2" in self.used:
                from moto.ec2.models import ec2_backends

                ec2_backends.pop(self.account, None)
            if self.used:
                from moto.core.model_instances import reset_model_data

                reset_model_data()  # what was ever made, for a dashboard that nobody opens: it would only grow

    def ensure_managed(self, arn: str) -> None:
        """Make an AWS managed policy known, if AWS has one of that name.

        All 1,500 documents would cost every world 0.2 s and 20 MB; a world needs a handful.
        """
        prefix = f"arn:{self.partition}:iam::aws:policy/"
        if not arn.startswith(prefix):
            return
        name = arn.rpartition("/")[2]
        with self.lock:
            if arn not in self.iam.managed_policies:
                self._add_managed(name, managed_document(name))

    def ensure_all_managed(self) -> None:
        """Make every AWS managed policy known, as a listing demands."""
        from moto.iam.aws_managed_policies import aws_managed_policies_data  # 5 MB

        with self.lock:
            known = {policy.name for policy in self.iam.managed_policies.values() if policy.arn.split(":")[4] == "aws"}
            for name, data in json.loads(aws_managed_policies_data).items():
                if name not in known:
                    self._add_managed(name, data)

    def _add_managed(self, name: str, data: dict[str, Any] | None) -> None:
        from moto.iam.models import AWSManagedPolicy

        if data is None:
            return
        policy = AWSManagedPolicy.from_data(name, self.account, self.iam.region_name, data)
        self.iam.aws_managed_policies.append(policy)
        self.iam.managed_policies[policy.arn] = policy


def _reply(dispatch: Any, url: str, headers: Mapping[str, str], body: str) -> Reply:
    from moto.core.request import Request
    from werkzeug.exceptions import HTTPException

    request = Request.from_primitives("POST", url, dict(headers), body)
    try:
        status, answered, content = dispatch(request, url, request.headers)
    except HTTPException as failed:
        status, answered, content = failed.code or 500, {}, failed.get_body()
    text = content if isinstance(content, str) else content.decode()
    content_type = str(answered.get("Content-Type", "text/xml")).partition(";")[0]
    return Reply(int(status), text.encode(), content_type)


def managed_document(name: str) -> dict[str, Any] | None:
    """AWS's data of a managed policy (Document, Path, DefaultVersionId, dates), read out of moto's text of them all."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data  # 5 MB

    mark = f'\n "{name}":'
    start = aws_managed_policies_data.find(mark)
    if start < 0:
        return None
    value, _ = json.JSONDecoder().raw_decode(aws_managed_policies_data, start + len(mark))
    return dict(value)
