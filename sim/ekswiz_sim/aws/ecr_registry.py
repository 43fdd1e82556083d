"""ECR operations on the whole registry: scanning configuration, description, account settings."""

from __future__ import annotations

import copy

from ekswiz_sim.aws.ecr_state import Answer, Params, State
from ekswiz_sim.seams import ServiceError

SETTINGS = {
    "BASIC_SCAN_TYPE_VERSION": ("AWS_NATIVE", "CLAIR"),
    "BLOB_MOUNTING": ("DISABLED", "ENABLED"),
}
"""Account settings that this registry knows, with their values."""
FREQUENCIES = {"BASIC": {"SCAN_ON_PUSH", "MANUAL"}, "ENHANCED": {"SCAN_ON_PUSH", "CONTINUOUS_SCAN"}}


def describe(state: State, _params: Params) -> Answer:
    """DescribeRegistry."""
    return {"registryId": state.account, "replicationConfiguration": {"rules": []}}


def get_scanning(state: State, _params: Params) -> Answer:
    """GetRegistryScanningConfiguration."""
    return {"registryId": state.account, "scanningConfiguration": copy.deepcopy(state.scanning)}


def put_scanning(state: State, params: Params) -> Answer:
    """PutRegistryScanningConfiguration: replaces the whole, as AWS does."""
    kind, rules = params.get("scanType") or "BASIC", list(params.get("rules") or [])
    for rule in rules:
        if rule["scanFrequency"] not in FREQUENCIES[kind]:
            text = f"Scan frequency {rule['scanFrequency']} is not supported for scan type {kind}"
            raise ServiceError("ValidationException", text)
    if len({rule["scanFrequency"] for rule in rules}) != len(rules):
        raise ServiceError("ValidationException", "Each scan frequency may be used in one rule only")
    state.scanning = copy.deepcopy({"scanType": kind, "rules": rules})
    return {"registryScanningConfiguration": copy.deepcopy(state.scanning)}


def get_setting(state: State, params: Params) -> Answer:
    """GetAccountSetting."""
    name = _setting(params["name"])
    return {"name": name, "value": state.settings[name]}


def put_setting(state: State, params: Params) -> Answer:
    """PutAccountSetting."""
    name, value = _setting(params["name"]), params["value"]
    if value not in SETTINGS[name]:
        raise ServiceError("ValidationException", f"Invalid value '{value}' for account setting '{name}'")
    state.settings[name] = value
    return {"name": name, "value": value}


def _setting(name: str) -> str:
    if name not in SETTINGS:
        raise ServiceError("ValidationException", f"Account setting '{name}' is not modelled by this registry")
    return name
