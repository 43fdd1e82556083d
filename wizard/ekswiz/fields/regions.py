"""AWS's regions, from botocore's own tables on disk: no network, no session, no configuration is read."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from ekswiz.errors import EkswizError


@functools.cache
def regions() -> Mapping[str, str]:
    """Every region that offers EKS, by name, with its partition (`aws`, `aws-cn`, ...).

    Source: botocore's `endpoints.json`, which botocore itself resolves endpoints with.
    """
    import json  # help needs the answers, and not this

    text = _data().joinpath("endpoints.json").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for partition in json.loads(text)["partitions"]:
        endpoints = partition["services"].get("eks", {}).get("endpoints", {})
        found |= {region: partition["partition"] for region in partition["regions"] if region in endpoints}
    return found


def _data() -> Path:
    """The folder of botocore's tables, found without importing botocore."""
    spec = find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise EkswizError("botocore is not installed.", "Install ekswiz again: pip install ekswiz")
    return Path(next(iter(spec.submodule_search_locations))) / "data"
