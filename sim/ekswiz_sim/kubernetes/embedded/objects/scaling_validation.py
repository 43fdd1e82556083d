"""Validation of what scales and protects workloads: HorizontalPodAutoscaler and PodDisruptionBudget.

Texts were compared with those of kube-apiserver 1.36.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ekswiz_sim.kubernetes.embedded.api.errors import Cause, invalid, prohibited, required, unsupported
from ekswiz_sim.kubernetes.embedded.objects.selection import selector
from ekswiz_sim.kubernetes.embedded.store import Obj

_SOURCES: Mapping[str, str] = {
    "ContainerResource": "containerResource", "External": "external", "Object": "object", "Pods": "pods",
    "Resource": "resource",
}  # fmt: skip
_TARGETS = ("Utilization", "Value", "AverageValue")
_PERCENT = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for "
    "validation is '[0-9]+%')"
)
_EVICTIONS = ("AlwaysAllow", "IfHealthyBudget")


def share(field: str, value: Any) -> Iterator[Cause]:
    """A number of pods, or a percentage of them."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]+%", value, re.ASCII):
        yield invalid(field, value, _PERCENT)
    elif isinstance(value, int) and value < 0:
        yield invalid(field, value, "must be greater than or equal to 0")


def autoscaler(obj: Obj) -> Iterator[Cause]:
    """A HorizontalPodAutoscaler."""
    spec = obj["spec"]
    low, high, target = spec.get("minReplicas", 1), spec.get("maxReplicas", 0), spec.get("scaleTargetRef") or {}
    if low < 1:
        yield invalid("spec.minReplicas", low, "must be greater than or equal to 1")
    if high < 1:
        yield required("spec.maxReplicas", "must be set and greater than 0")
    if high < low:
        yield invalid("spec.maxReplicas", high, "must be greater than or equal to `minReplicas`")
    for name in ("kind", "name"):
        if not target.get(name):
            yield required(f"spec.scaleTargetRef.{name}")
    version = target.get("apiVersion", "")
    if "/" not in version and version != "v1":
        yield invalid("spec.scaleTargetRef.apiVersion", version, "apiVersion must specify API group")
    for index, metric in enumerate(spec.get("metrics") or []):
        yield from _metric(metric, f"spec.metrics[{index}]")


def _metric(metric: Obj, at: str) -> Iterator[Cause]:
    kind = metric.get("type")
    if not kind:
        yield required(f"{at}.type", "must specify a metric source type")
    elif kind not in _SOURCES:
        yield unsupported(f"{at}.type", kind, tuple(_SOURCES))
    own = _SOURCES.get(str(kind))
    if own and metric.get(own) is None:
        yield required(f"{at}.{own}", "must populate information for the given metric source")
    given = [name for name in _SOURCES.values() if metric.get(name) is not None]
    for name in given:
        if name != own:
            yield prohibited(f"{at}.{name}", "must populate the given metric source only")
        target = metric[name].get("target") or {}
        if not target.get("type"):
            yield required(f"{at}.{name}.target.type", "must specify a metric target type")
        elif target["type"] not in _TARGETS:
            why = "must be either Utilization, Value, or AverageValue"
            yield invalid(f"{at}.{name}.target.type", target["type"], why)


def budget(obj: Obj) -> Iterator[Cause]:
    """A PodDisruptionBudget."""
    spec = obj.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        yield invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")
    for name in ("minAvailable", "maxUnavailable"):
        yield from share(f"spec.{name}", spec.get(name))
    yield from selector(spec.get("selector") or {}, "spec.selector")
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in _EVICTIONS:
        yield unsupported("spec.unhealthyPodEvictionPolicy", policy, _EVICTIONS)
