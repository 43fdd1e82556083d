"""Pod Security Standards: what `baseline` and `restricted` ask of a pod, in the texts of Kubernetes' own admission.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/, as of Kubernetes 1.37. The namespace's
labels say which level is enforced on pods and which is only warned about on workloads. A version that a namespace pins
is named in the texts; what is asked is always what the newest version asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ekswiz_sim.kubernetes.embedded.objects import pod_security_checks as checks
from ekswiz_sim.kubernetes.embedded.objects.pod_security_subject import Finding, Subject
from ekswiz_sim.kubernetes.embedded.store import Obj

_PREFIX = "pod-security.kubernetes.io/"
LEVELS = ("privileged", "baseline", "restricted")
_MODES = ("enforce", "audit", "warn")
_VERSION = re.compile(r"latest|v1\.(0|[1-9]\d*)")
_NOTHING: Mapping[str, str] = {}


def level(labels: Mapping[str, str], mode: str) -> str:
    """The level of a mode (`enforce`, `warn`); warnings follow what is enforced unless they are set."""
    found = labels.get(f"{_PREFIX}{mode}")
    if found is None and mode == "warn":
        return level(labels, "enforce")
    return found if found in LEVELS else "privileged" if found is None else "restricted"


def version(labels: Mapping[str, str], mode: str) -> str:
    """The version of the standard that the namespace pins."""
    found = labels.get(f"{_PREFIX}{mode}-version")
    if found is None and mode == "warn" and f"{_PREFIX}warn" not in labels:
        return version(labels, "enforce")
    return found or "latest"


def bad_labels(labels: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Labels that name no level or no version: the label, its value, and what it has to be."""
    for mode in _MODES:
        name = f"{_PREFIX}{mode}"
        if name in labels and labels[name] not in LEVELS:
            yield name, labels[name], f"must be one of {', '.join(LEVELS)}"
        name = f"{name}-version"
        if name in labels and not _VERSION.fullmatch(labels[name]):
            yield name, labels[name], 'must be "latest" or "v1.x"'


def violations(spec: Obj, standard: str, annotations: Mapping[str, str] = _NOTHING) -> list[Finding]:
    """Everything in a PodSpec that the standard forbids, in the order in which Kubernetes says it."""
    subject = Subject(spec, annotations)
    return [finding for check in checks.of(standard) for finding in check(subject)]
