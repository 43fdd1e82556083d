"""Situations that the IAM User Guide describes, chapter by chapter, each with the answer that it gives."""

from __future__ import annotations

from typing import Any

import pytest

from ekswiz.iam.evaluate import evaluate

ACCOUNT = "123456789012"
BUCKET = "arn:aws:s3:::example"
USER = f"arn:aws:iam::{ACCOUNT}:user/Zhang"
MFA = "aws:MultiFactorAuthPresent"


def allow(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    return _policy("Allow", action, resource, condition)


def deny(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    return _policy("Deny", action, resource, condition)


def _policy(effect: str, action: Any, resource: Any, condition: dict[str, Any]) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [{**statement, **({"Condition": condition} if condition else {})}]}


HOME = allow("s3:*", f"{BUCKET}/home/${{aws:username}}/*")
TEAM = allow("s3:GetObject", f"{BUCKET}/${{aws:PrincipalTag/team, 'company-wide'}}/*")
TYPES = {"ec2:InstanceType": ["t1.*", "t2.*", "m3.*"]}
KEYS = {"aws:TagKeys": ["environment", "cost-center"]}
NO_MFA: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*", "Condition": {"Bool": {MFA: "false"}}},
}
Row = tuple[str, list[dict[str, Any]], str, str, dict[str, Any], bool]
TABLE: list[Row] = [
    ("variables: one's own folder", [HOME], "s3:GetObject", f"{BUCKET}/home/ann/x", {"aws:username": "ann"}, True),
    ("variables: another's folder", [HOME], "s3:GetObject", f"{BUCKET}/home/bob/x", {"aws:username": "ann"}, False),
    ("variables: a role has no user name", [HOME], "s3:GetObject", f"{BUCKET}/home//x", {}, False),
    ("variables: default", [TEAM], "s3:GetObject", f"{BUCKET}/company-wide/x", {}, True),
    ("variables: no default needed", [TEAM], "s3:GetObject", f"{BUCKET}/red/x", {"aws:PrincipalTag/team": "red"}, True),
    ("variables: default is no second value", [TEAM], "s3:GetObject", f"{BUCKET}/company-wide/x",
     {"aws:PrincipalTag/team": "red"}, False),
    ("conditions: all of them", [allow("s3:*", StringEquals={"aws:username": "a"}, Bool={MFA: "true"})], "s3:Get", "*",
     {"aws:username": "a", MFA: "false"}, False),
    ("conditions: a date range", [allow("s3:*", DateGreaterThan={"aws:CurrentTime": "2026-11-01T00:00:00Z"},
     DateLessThan={"aws:CurrentTime": "2026-11-30T23:59:59Z"})], "s3:Get", "*",
     {"aws:CurrentTime": "2026-11-23T06:00:00Z"}, True),
    ("conditions: epoch time", [allow("s3:*", DateLessThan={"aws:EpochTime": "1793491200"})], "s3:Get", "*",
     {"aws:EpochTime": "1793491199"}, True),
    ("conditions: one of two networks", [allow("s3:*", IpAddress={"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"]})],
     "s3:Get", "*", {"aws:SourceIp": "2001:db8:1234::1"}, True),
    ("conditions: outside of both", [allow("s3:*"), deny("*", NotIpAddress={"aws:SourceIp": ["192.0.2.0/24"]})],
     "s3:Get", "*", {"aws:SourceIp": "203.0.113.9"}, False),
    ("IfExists: another kind of resource", [allow("ec2:RunInstances", StringLikeIfExists=TYPES)], "ec2:RunInstances",
     "arn:aws:ec2:us-east-1::image/ami-1", {}, True),
    ("IfExists: the wrong type", [allow("ec2:RunInstances", StringLikeIfExists=TYPES)], "ec2:RunInstances",
     "*", {"ec2:InstanceType": "p5.48xlarge"}, False),
    ("Null: only temporary keys", [allow("s3:*", Null={"aws:TokenIssueTime": "false"})], "s3:Get", "*", {}, False),
    ("Null: only long-term keys", [allow("s3:*", Null={"aws:TokenIssueTime": "true"})], "s3:Get", "*", {}, True),
    ("NotAction: all but IAM without MFA", [allow("*"), NO_MFA], "s3:Get", "*", {MFA: "false"}, False),
    ("NotAction: IAM without MFA", [allow("*"), NO_MFA], "iam:CreateVirtualMFADevice", "*", {MFA: "false"}, True),
    ("NotAction: access keys have no MFA key", [allow("*"), NO_MFA], "s3:Get", "*", {}, True),
    ("sets: only allowed tag keys", [allow("ec2:CreateTags", **{"ForAllValues:StringEquals": KEYS})], "ec2:CreateTags",
     "*", {"aws:TagKeys": ["environment"]}, True),
    ("sets: one that is not", [allow("ec2:CreateTags", **{"ForAllValues:StringEquals": KEYS})], "ec2:CreateTags",
     "*", {"aws:TagKeys": ["environment", "owner"]}, False),
    ("sets: no keys at all", [allow("ec2:CreateTags", **{"ForAllValues:StringEquals": KEYS})], "ec2:CreateTags",
     "*", {}, True),
    ("sets: no keys at all, with Null", [allow("ec2:CreateTags", **{"ForAllValues:StringEquals": KEYS},
     Null={"aws:TagKeys": "false"})], "ec2:CreateTags", "*", {}, False),
    ("sets: any of them", [deny("*", **{"ForAnyValue:StringEquals": KEYS}), allow("*")], "ec2:CreateTags", "*",
     {"aws:TagKeys": ["owner", "cost-center"]}, False),
    ("arns: a topic of any region", [allow("sqs:SendMessage", ArnLike={
     "aws:SourceArn": f"arn:aws:sns:*:{ACCOUNT}:orders-*"})], "sqs:SendMessage", "*",
     {"aws:SourceArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:orders-new"}, True),
    ("arns: a star keeps to its part", [allow("sqs:SendMessage", ArnLike={"aws:SourceArn": "arn:aws:sns:*:orders"})],
     "sqs:SendMessage", "*", {"aws:SourceArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:orders"}, False),
    ("numbers: at most ten", [allow("s3:ListBucket", NumericLessThanEquals={"s3:max-keys": "10"})], "s3:ListBucket",
     BUCKET, {"s3:max-keys": "10"}, True),
    ("resources: a star beyond a slash", [allow("s3:*", f"{BUCKET}/*/test/*")], "s3:Get", f"{BUCKET}/1/2/test/3/o.jpg",
     {}, True),
    ("resources: another bucket", [allow("s3:*", f"{BUCKET}/*")], "s3:Get", f"{BUCKET}s/x", {}, False),
    ("logic: a deny wins", [allow("*"), deny("s3:DeleteBucket")], "s3:DeleteBucket", BUCKET, {}, False),
    ("logic: nothing said", [allow("s3:*")], "ec2:RunInstances", "*", {}, False),
]  # fmt: skip


@pytest.mark.parametrize(("case", "identity", "action", "resource", "context", "expected"), TABLE)
def test_what_the_guide_says(
    *, case: str, identity: list[Any], action: str, resource: str, context: dict[str, Any], expected: bool
) -> None:
    decision = evaluate(action, resource, context, identity=identity)
    assert decision.allowed is expected, f"{case}: {decision.why}"


BOUNDARY = allow(["s3:*", "cloudwatch:*", "ec2:*"])
LIMITS: list[tuple[str, dict[str, Any], str, bool]] = [
    ("a boundary allows nothing by itself", {"identity": [], "boundary": BOUNDARY}, "s3:GetObject", False),
    ("identity without boundary's consent", {"identity": [allow("iam:*")], "boundary": BOUNDARY}, "iam:GetUser", False),
    ("both", {"identity": [allow("*")], "boundary": BOUNDARY}, "s3:GetObject", True),
    (
        "a session is limited further",
        {"identity": [allow("s3:*")], "session": [allow("s3:Get*")]},
        "s3:PutObject",
        False,
    ),
    ("a session gains nothing", {"identity": [allow("s3:*")], "session": [allow("*")]}, "iam:GetUser", False),
]


@pytest.mark.parametrize(("case", "policies", "action", "expected"), LIMITS)
def test_what_the_guide_says_of_boundaries_and_sessions(
    *, case: str, policies: dict[str, Any], action: str, expected: bool
) -> None:
    assert evaluate(action, "*", {}, **policies, principal=USER).allowed is expected, case
