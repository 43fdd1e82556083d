"""What AWS answers, and what to do about it: one table, by code, and by text only where AWS gives nothing but text.

The first row that fits decides, so the special ones stand above the general ones. `docs/reference/errors.md` is printed
from here. Sources: the API references, and the Terraform AWS provider's retries for texts that AWS documents nowhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["wait", "absent", "held", "taken", "denied", "no entries", "not yet", "expired", "stop"]
"""wait: the same call works a little later. absent: there is no such object (yet). held: something still uses it.
taken: it exists; compared and used if ours. no entries: the cluster does not use access entries. not yet: its parent is
still being made. stop: a person has to.
"""

SETTLES_WITHIN = 120.0
"""Seconds in which IAM's changes are seen everywhere (Terraform waits as long)."""
APPEARS_WITHIN = 30.0
"""Seconds in which an object that was made a moment ago can be found."""
RELEASED_WITHIN = 300.0
"""Seconds in which AWS removes what a deleted cluster, node or load balancer left in a network."""
SERVER_ERROR = 500
IAM = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
EKS = "https://docs.aws.amazon.com/eks/latest/APIReference/"
ECR = "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/"
EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"
TERRAFORM = "https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/"
COMMON = "https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html"
AGAIN = "AWS did not recover in time; run the same command again."
ADOPT = "Take it over with --adopt, or choose another name."
NO_WAY_BACK = (
    "There is no way back from: "
    "aws eks update-cluster-config --name NAME --access-config authenticationMode=API_AND_CONFIG_MAP"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One answer of AWS.

    `service` and `operation` are "*" for any; `operation` is the API's own name. `codes` are the error's code, exactly
    (a leading "*" stands for any beginning). `text` is a pattern that the message must hold. `within` is for how many
    seconds a retry makes sense; 0 for none. `do` is what a person can do, `means` what is being waited for.
    """

    service: str
    operation: str
    codes: tuple[str, ...]
    kind: Kind
    source: str
    do: str = ""
    text: str = ""
    within: float = 0.0
    means: str = ""

    def asked(self, action: str) -> bool:
        """Whether this row speaks of that action."""
        service, _, operation = action.partition(":")
        return self.service in ("*", service) and self.operation in ("*", operation)

    def said(self, code: str, text: str) -> bool:
        """Whether this row speaks of that code and message."""
        known = any(code.endswith(each[1:]) if each.startswith("*") else code == each for each in self.codes)
        return known and re.search(self.text, text) is not None


THROTTLED = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException",
})  # fmt: skip
QUOTAS = (
    "VpcLimitExceeded", "SubnetLimitExceeded", "InternetGatewayLimitExceeded", "RouteTableLimitExceeded",
    "AddressLimitExceeded", "NatGatewayLimitExceeded", "VcpuLimitExceeded",
)  # fmt: skip
"""Not by their common ending: RequestLimitExceeded is throttling."""
ROLE_UNSEEN = "EKS does not see the new role yet."
POLICIES_UNSEEN = "EKS does not see the role's policies yet."


def _unseen(text: str, means: str) -> Row:
    """EKS looks at a role that IAM has not told everybody about: by text, for its code says any parameter."""
    code = ("InvalidParameterException",)
    return Row("eks", "*", code, "wait", TERRAFORM + "cluster.go", AGAIN, text, SETTLES_WITHIN, means)


ROWS: tuple[Row, ...] = (
    Row("iam", "*", ("MalformedPolicyDocument",), "wait", IAM + "API_CreateRole.html", AGAIN,
        r"Invalid principal in policy", SETTLES_WITHIN, "IAM does not see the new OIDC provider everywhere."),
    Row("iam", "DeleteRole", ("DeleteConflict",), "stop", IAM + "API_DeleteRole.html",
        "Something was put on it meanwhile: run the same command again."),
    Row("iam", "CreateOpenIDConnectProvider", ("EntityAlreadyExists",), "taken",
        IAM + "API_CreateOpenIDConnectProvider.html", "Plan again: it is adopted, and the audience is added."),
    Row("iam", "*", ("EntityAlreadyExists",), "taken", IAM + "API_CreateRole.html", ADOPT),
    Row("iam", "*", ("LimitExceeded",), "stop", IAM + "API_CreateRole.html",
        "Ask AWS for a higher quota, or remove what is not used."),
    _unseen(r"principalArn is invalid: invalid principal", ROLE_UNSEEN),
    _unseen(r"could not be assumed because", ROLE_UNSEEN),
    _unseen(r"Error in role params", ROLE_UNSEEN),
    _unseen(r"[Rr]ole .* (does not exist|cannot be found)", ROLE_UNSEEN),
    _unseen(r"Managed Policies associated with it", POLICIES_UNSEEN),
    _unseen(r"IAM role's policy must include", POLICIES_UNSEEN),
    Row("eks", "AssociateAccessPolicy", ("ResourceNotFoundException",), "wait", EKS + "API_AssociateAccessPolicy.html",
        AGAIN, r"principalArn could not be found", SETTLES_WITHIN, "EKS does not see the new access entry yet."),
    Row("eks", "UpdateClusterConfig", ("InvalidParameterException",), "wait", EKS + "API_UpdateClusterConfig.html",
        AGAIN, r"already at the desired configuration", SETTLES_WITHIN, "EKS does not show yet what was changed."),
    Row("eks", "*", ("ResourceInUseException",), "wait", EKS + "API_UpdateClusterConfig.html", AGAIN,
        r"update .* in progress", SETTLES_WITHIN, "The cluster is being updated."),
    Row("eks", "DeleteCluster", ("ResourceInUseException",), "held", EKS + "API_DeleteCluster.html",
        "Delete its node groups first: ekswiz destroy does, those that it made.", r"nodegroups attached",
        RELEASED_WITHIN),
    Row("eks", "DeleteCluster", ("InvalidRequestException",), "stop", EKS + "API_DeleteCluster.html",
        "Take the deletion protection off, which needs a consent of its own.", r"[Dd]eletion protection"),
    Row("eks", "*", ("InvalidRequestException",), "no entries", EKS + "API_CreateAccessEntry.html", NO_WAY_BACK,
        r"authentication mode", means="The cluster does not use access entries."),
    Row("eks", "*", ("InvalidRequestException",), "not yet", EKS + "API_DescribeAccessEntry.html",
        "Run the same command again when the cluster is ACTIVE.", r"not in ACTIVE status",
        means="The cluster is still being made."),
    Row("eks", "*", ("UnsupportedAvailabilityZoneException",), "stop", EKS + "API_CreateCluster.html",
        "Choose other zones: the message names those that have room."),
    Row("eks", "*", ("ResourceLimitExceededException",), "stop", EKS + "API_CreateCluster.html",
        "Ask AWS for a higher quota, or remove what is not used."),
    Row("eks", "*", ("ResourcePropagationDelayException",), "wait", EKS + "API_AssociateAccessPolicy.html", AGAIN,
        within=SETTLES_WITHIN),
    Row("eks", "*", ("ResourceInUseException",), "taken", EKS + "API_CreateAccessEntry.html", ADOPT),
    Row("ecr", "CreateRepository", ("RepositoryAlreadyExistsException",), "taken", ECR + "API_CreateRepository.html",
        ADOPT),
    Row("ecr", "DeleteRepository", ("RepositoryNotEmptyException",), "stop", ECR + "API_DeleteRepository.html",
        "Say --delete-images if the images may go."),
    Row("ec2", "*", ("DependencyViolation", "InvalidIPAddress.InUse"), "held", EC2,
        "Delete what uses it, then run the same command again.", within=RELEASED_WITHIN),
    Row("ec2", "AttachInternetGateway", ("Resource.AlreadyAssociated",), "taken", EC2,
        "Detach it from the other network."),
    Row("ec2", "*", QUOTAS, "stop", EC2, "Ask AWS for a higher quota, or remove what is not used."),
    Row("*", "*", ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"), "denied",
        COMMON, "Ask for the permission that the message names."),
    Row("ec2", "*", ("*.NotFound", "NatGatewayNotFound", "Gateway.NotAttached"), "absent", EC2, "Plan again.",
        within=APPEARS_WITHIN),
    Row("*", "*", (
        "NoSuchEntity", "RepositoryNotFoundException", "ResourceNotFoundException", "LifecyclePolicyNotFoundException",
    ), "absent", IAM + "API_GetRole.html", "Plan again.", within=APPEARS_WITHIN),
    Row("*", "*", ("ExpiredToken", "ExpiredTokenException", "RequestExpired"), "expired", COMMON,
        "Sign in again and run the same command."),
    Row("*", "*", (
        "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException",
        "MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature", "AuthFailure",
    ), "stop", COMMON, "Check --profile and sign in again.", means="AWS does not accept these credentials."),
    Row("*", "*", tuple(sorted(THROTTLED)), "wait", COMMON, AGAIN, within=SETTLES_WITHIN),
    Row("*", "*", ("ConcurrentModification", "ConcurrentModificationException"), "wait", IAM + "API_CreateRole.html",
        AGAIN, within=SETTLES_WITHIN),
    Row("*", "*", (
        "ServiceUnavailable", "ServiceUnavailableException", "Unavailable", "ServiceFailure", "InternalFailure",
        "InternalError", "ServerException", "InternalServerError", "RequestTimeout", "RequestTimeoutException",
    ), "wait", COMMON, AGAIN, within=SETTLES_WITHIN),
)  # fmt: skip

BROKEN = Row("*", "*", (), "wait", COMMON, AGAIN, within=SETTLES_WITHIN)
"""Any other code with a server's status (5xx)."""


def find(action: str, code: str, text: str, status: int) -> Row | None:
    """The row for an answer: of an action such as `iam:CreateRole`, by code, message and HTTP status.

    A code means the same wherever it comes from: where no row speaks of the action, the first that knows the code does.
    """
    known = [row for row in ROWS if row.said(code, text)]
    found = next((row for row in known if row.asked(action)), known[0] if known else None)
    return found or (BROKEN if status >= SERVER_ERROR else None)
