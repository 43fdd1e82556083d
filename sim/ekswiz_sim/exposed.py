"""Asks the deployed service for its version through its load balancer.

Where a balancer's address and port cannot be listened on (a port of root's, a system with one loopback address), its
Service says where it is reached instead.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from ekswiz_sim.kubernetes.embedded.network.services import LISTENS_AT
from ekswiz_sim.scene import Scene
from ekswiz_sim.service import KEPT, SHOWN

TIMEOUT = 10.0
Answered = tuple[str, int, str]
"""Where it was asked, the status (0 for no answer), and the body or the reason."""


def ask(scene: Scene) -> tuple[bool, str]:
    """Whether the service answers through its load balancer and is the pushed commit, and a sentence on it."""
    url, status, body = through_balancer(scene)
    scene.http = {"url": url, "status": status, "body": body[:KEPT]}
    shown = " ".join(body.split())[:SHOWN]
    if status == http.client.OK and scene.commit in body:
        return True, f"GET {url} -> 200 {shown}"
    return False, f"GET {url} -> {status} {shown}; expected 200 and commit {scene.commit}"


def through_balancer(scene: Scene) -> Answered:
    """Through the load balancer's own address."""
    status, text = scene.world.kubernetes_get(scene.target, scene.answers.cluster, _service(scene))
    service = json.loads(text) if status == http.client.OK else {}
    ingress = (service.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}])[0]
    host = ingress.get("hostname") or ingress.get("ip")
    if not host:
        return _service(scene), status, "the Service has no load balancer"
    url = f"http://{_place(service, host)}{scene.world.version_path}"
    return url, *_get(url)


def _place(service: Mapping[str, Any], host: str) -> str:
    """Host and port of the first port: the balancer's, or where the Service says that it listens instead."""
    port = service["spec"]["ports"][0]["port"]
    noted = (service["metadata"].get("annotations") or {}).get(LISTENS_AT, "")
    elsewhere = dict(one.partition("=")[::2] for one in noted.split(",") if one)
    return str(elsewhere.get(str(port), f"{host}:{port}"))


def _service(scene: Scene) -> str:
    return f"/api/v1/namespaces/{scene.answers.namespace}/services/{scene.answers.workload}"


def _get(url: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=TIMEOUT) as answered:
            return answered.status, answered.read().decode(errors="replace")
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)
