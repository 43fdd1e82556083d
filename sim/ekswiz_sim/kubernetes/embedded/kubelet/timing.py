"""How long the kubelet waits, in seconds. The defaults are Kubernetes' unless a comment says otherwise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Back-offs double from the first to the longest. A container that ran for `forgive` starts afresh."""

    crash_first: float = 10.0
    crash_longest: float = 300.0
    pull_first: float = 10.0
    pull_longest: float = 300.0
    forgive: float = 600.0
    shown: float = 1.0
    """How long ErrImagePull is shown before it becomes ImagePullBackOff (the kubelet's next look at the pod)."""
    configuration: float = 2.0
    """Until a missing ConfigMap or Secret is looked for again; the kubelet takes 10, which a rehearsal need not."""
    poll: float = 0.2
    """Between start-up and readiness probes before the first success. The kubelet keeps to `periodSeconds` and only
    jitters the start; a rehearsal would wait 10 s for a service that is up after 0.5 s. Failures are still counted
    once per `periodSeconds`."""
    eager: float = 60.0
    """After this, `periodSeconds` holds even before the first success."""
