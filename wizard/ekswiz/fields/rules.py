"""What each answer may look like: one pattern, its meaning in words, and what to do about a value that does not fit.

All patterns are matched whole and in ASCII. None admits `* ? $ { }` or a control character: those are patterns in IAM
and branch filters, expressions in workflow files (which quoting does not stop) and variables in a shell.
Sources: GitHub's limits on names, IAM, ECR and EKS API references, RFC 1123, git-check-ref-format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

NUMBERS: Mapping[str, tuple[int, int, str, str]] = {
    "port": (1024, 65535, "the container does not run as root", "Let the service listen on 8000 and say port = 8000."),
    "node_min": (1, 450, "a node group has at most 450 nodes", "Say node_min = 2."),
    "node_max": (1, 450, "a node group has at most 450 nodes", "Say node_max = 6."),
    "zones": (2, 3, "EKS needs subnets in at least two availability zones", "Say zones = 2."),
}
"""Answers that are numbers: least, most, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A field's pattern, what it means in words (`must be ...`), and an example that passes."""

    pattern: str
    words: str
    example: str
    never: str = r"(?!)"
    """A pattern of values that fit the first one and are refused all the same."""
    never_words: str = ""

    def breach(self, value: str) -> str | None:
        """Why the value is refused; None if it is fine."""
        if not re.fullmatch(self.pattern, value, re.ASCII):
            return f"must be {self.words}, e.g. {self.example}"
        if re.fullmatch(self.never, value, re.ASCII):
            return f"must not be {self.never_words}"
        return None


_SEGMENT = r"[A-Za-z0-9._@+=][A-Za-z0-9._@+=-]*"
_PATH = Rule(
    pattern=rf"{_SEGMENT}(?:/{_SEGMENT}){{0,30}}",
    words="a path inside the repository, of letters, digits and . _ - @ + = with / between",
    example="deploy/manifests",
    never=r"(?:.*/)?(?:\.\.|\.git)(?:/.*)?|.{513,}",
    never_words="outside the repository (..), in .git, or over 512 characters",
)
_ID = Rule(pattern=r"[1-9][0-9]{0,18}", words="GitHub's numeric id, as a quoted string", example="456789")

RULES: Mapping[str, Rule] = {
    "stack": Rule(
        pattern=r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?",
        words="1 to 40 lower-case letters, digits and hyphens, no hyphen at either end",
        example="payments-api",
    ),
    "account": Rule(
        pattern=r"[0-9]{12}",
        words="the 12 digits of the AWS account, as a quoted string",
        example="123456789012",
    ),
    "owner": Rule(
        pattern=r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}",
        words="a GitHub user or organisation: 1 to 39 letters, digits and single hyphens",
        example="acme",
    ),
    "repo": Rule(
        pattern=r"[A-Za-z0-9._-]{1,100}",
        words="a GitHub repository's name without its owner: 1 to 100 letters, digits and . _ -",
        example="payments-api",
        never=r"\.{1,2}|.*\.(?:git|wiki)",
        never_words="'.', '..', or end in .git or .wiki",
    ),
    "owner_id": _ID,
    "repo_id": _ID,
    "branch": Rule(
        pattern=(
            r"(?!.*\.\.)(?!.*//)(?!.*\.lock(?:/|$))(?!.*/\.)(?!.*@\{)"
            r"[A-Za-z0-9_][A-Za-z0-9._/@+=-]{0,243}(?<![./])"
        ),
        words="one exact branch name (no wildcards): letters, digits and . _ / @ + = -",
        example="main",
        never=r"HEAD|refs/.*",
        never_words="HEAD or a full ref: name the branch alone",
    ),
    "environment": Rule(
        pattern=r"[A-Za-z0-9](?:[A-Za-z0-9._ -]{0,253}[A-Za-z0-9._-])?",
        words="a GitHub environment: 1 to 255 letters, digits, spaces and . _ -, no : or %",
        example="production",
        never=r"(?i:none)",
        never_words="'none', which stands for no environment",
    ),
    "cluster": Rule(
        pattern=r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}",
        words="an EKS cluster's name: 1 to 100 letters, digits, - and _",
        example="platform-dev",
    ),
    "namespace": Rule(
        pattern=r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?",
        words="a Kubernetes namespace: 1 to 63 lower-case letters, digits and hyphens",
        example="payments",
        never=r"kube-.*",
        never_words="one of the system's kube- namespaces",
    ),
    "ecr_repository": Rule(
        pattern=r"(?=.{2,256}\Z)[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*",
        words="an ECR repository: 2 to 256 lower-case letters and digits, with . _ - / between them",
        example="payments/api",
    ),
    "workload": Rule(
        pattern=r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?",
        words="the Deployment's and Service's name: 1 to 63 lower-case letters, digits and hyphens, a letter first",
        example="payments-api",
    ),
    "issuer": Rule(
        pattern=r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?:/[A-Za-z0-9._-]{1,100}){0,3}",
        words="the OIDC issuer's host and path, without https://",
        example="token.actions.githubusercontent.com",
    ),
    "kubernetes_version": Rule(
        pattern=r"latest|1\.[1-9][0-9]",
        words="a Kubernetes minor version, or latest for the newest in standard support",
        example="1.35",
    ),
    "node_type": Rule(
        pattern=r"[a-z][a-z0-9-]{0,15}\.[a-z0-9-]{1,20}", words="an EC2 instance type", example="t3.medium"
    ),
    "boundary": Rule(
        pattern=r"|arn:aws[a-z-]*:iam::(?:[0-9]{12}|aws):policy/[\w+=,.@/-]{1,512}",
        words="the ARN of an IAM policy, or empty for no permissions boundary",
        example="arn:aws:iam::123456789012:policy/boundary",
    ),
    "deploy_runner": Rule(
        pattern=r"[A-Za-z][A-Za-z0-9._-]{0,99}",
        words="the label of a runner: 1 to 100 letters, digits and . _ -, with a letter first",
        example="eks-runners",
        never=r"(?i:true|false|yes|no|on|off|y|n|null|windows.*)",
        never_words="what YAML reads as something else, nor Windows: the job's steps are for bash",
    ),
    "test_command": Rule(
        pattern=r"|[A-Za-z0-9._/][A-Za-z0-9._/@+=:,-]*(?: [A-Za-z0-9._/@+=:,-]+){0,30}",
        words="one command, its words of letters, digits and . _ / @ + = : , - with single spaces between",
        example="make test",
        never=r".{201,}|.*:(?: .*)?",
        never_words="over 200 characters (put it into a script), or have a word that ends in a colon",
    ),
    "app_entry": Rule(
        pattern=r"|[A-Za-z0-9._][A-Za-z0-9._/:-]{0,199}",
        words="what the image starts: letters, digits and . _ / : -",
        example="main:app",
        never=r"(?:.*/)?\.\.(?:/.*)?|.*:",
        never_words="outside the image's folder (..), or end in a colon",
    ),
    "context": _PATH,
    "folder": _PATH,
    "dockerfile": _PATH,
    "manifests": _PATH,
}
