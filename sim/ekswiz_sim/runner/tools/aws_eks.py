"""`aws eks`: the bearer token that kubectl asks for, and the kubeconfig that makes it ask.

Source: https://docs.aws.amazon.com/cli/latest/reference/eks/update-kubeconfig.html and get-token.html
"""

from __future__ import annotations

import base64
import json
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ekswiz_sim.runner.tools.aws_client import CannotCall, Client
from ekswiz_sim.runner.tools.aws_options import Options, Usage

TOKEN_PREFIX = "k8s-aws-v1."  # noqa: S105 - a public prefix, no secret
TOKEN_SECONDS = 14 * 60
"""EKS accepts a token for 15 minutes; kubectl is told to ask again a minute earlier."""
BETA = "client.authentication.k8s.io/v1beta1"
STABLE = "client.authentication.k8s.io/v1"


def get_token(client: Client, options: Options) -> Mapping[str, Any]:
    """`aws eks get-token`: an ExecCredential. Calls nobody."""
    cluster = options.one("cluster-name") or options.one("cluster-id")
    if not cluster:
        raise Usage("Either parameter --cluster-name or --cluster-id must be specified.")
    _refuse_role(options)
    token = TOKEN_PREFIX + base64.urlsafe_b64encode(client.eks_token(cluster).encode()).rstrip(b"=").decode()
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + TOKEN_SECONDS))
    return {
        "kind": "ExecCredential",
        "apiVersion": _exec_version(client.env),
        "spec": {},
        "status": {"expirationTimestamp": until, "token": token},
    }


def describe_cluster(client: Client, options: Options) -> Mapping[str, Any]:
    """`aws eks describe-cluster`."""
    return {"cluster": client.cluster(options.one("name"))}


def update_kubeconfig(client: Client, options: Options) -> str:
    """`aws eks update-kubeconfig`: add the cluster, a user who runs `aws eks get-token`, and make it current."""
    _refuse_role(options)
    cluster = client.cluster(options.one("name"))
    if cluster.get("status") not in ("ACTIVE", "UPDATING"):
        raise CannotCall(f"Cluster status is {cluster.get('status')}")
    path = _path(client.env, options)
    config, arn = _existing(path), str(cluster["arn"])
    user, context = options.one("user-alias") or arn, options.one("alias") or arn
    known = _set(config, "contexts", context, {"context": {"cluster": arn, "user": user}})
    _set(config, "clusters", arn, {"cluster": _server(cluster)})
    _set(config, "users", user, {"user": {"exec": _exec(client.region, str(cluster["name"]))}})
    _write(path, {**config, "current-context": context})
    return f"{'Updated' if known else 'Added new'} context {context} {'in' if known else 'to'} {path}\n"


def _server(cluster: Mapping[str, Any]) -> dict[str, str]:
    return {
        "certificate-authority-data": str(cluster["certificateAuthority"]["data"]),
        "server": str(cluster["endpoint"]),
    }


def _exec(region: str, name: str) -> dict[str, Any]:
    arguments = ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"]
    return {"apiVersion": BETA, "args": arguments, "command": "aws"}


def _exec_version(env: Mapping[str, str]) -> str:
    try:
        asked = json.loads(env.get("KUBERNETES_EXEC_INFO") or "{}").get("apiVersion", BETA)
    except (ValueError, AttributeError):
        return BETA
    return asked if asked in (BETA, STABLE) else BETA


def _path(env: Mapping[str, str], options: Options) -> Path:
    named = options.one("kubeconfig") or env.get("KUBECONFIG", "").partition(os.pathsep)[0]
    return Path(named) if named else Path(env.get("HOME") or Path.home()) / ".kube" / "config"


def _existing(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if not text.strip():
        return {"apiVersion": "v1", "kind": "Config", "preferences": {}}
    try:
        found = json.loads(text)
    except ValueError:
        found = _from_yaml(path, text)
    if not isinstance(found, dict):
        raise CannotCall(f"Kubeconfig {path} is not a mapping.")
    return found


def _from_yaml(path: Path, text: str) -> Any:
    from ruamel.yaml import YAML  # only a kubeconfig that somebody else wrote needs it
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise CannotCall(f"YamlLoadError: {path}: {error}") from error


def _set(config: dict[str, Any], kind: str, name: str, value: Mapping[str, Any]) -> bool:
    """Put the named entry first-come in place; True if one of that name was there."""
    entries = config[kind] = list(config.get(kind) or [])
    for index, entry in enumerate(entries):
        if entry.get("name") == name:
            entries[index] = {**value, "name": name}
            return True
    entries.append({**value, "name": name})
    return False


def _write(path: Path, config: Mapping[str, Any]) -> None:
    """JSON is YAML, and needs no library. Readable by its owner only, never half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".kubeconfig-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(json.dumps(config, indent=2) + "\n")
    Path(temporary).replace(path)


def _refuse_role(options: Options) -> None:
    if options.one("role-arn"):
        raise Usage("argument --role-arn: a second role is not modelled; assume it before")
