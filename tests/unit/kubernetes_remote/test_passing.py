"""The front in impersonation mode: over the embedded API server as a stand-in, and over a real one where there is one.

What the two have in common is one set of tests: a stand-in that a real kube-apiserver contradicts would prove nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest

from unit.kubernetes_api.stand_in import ACCOUNT, EDIT, Cluster, role_arn
from unit.kubernetes_remote.conftest import Fronted

_NUMBERS = itertools.count()
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
WHOAMI = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


async def namespaced(cluster: Cluster) -> str:
    """A new namespace."""
    name = f"room-{next(_NUMBERS)}"
    made = await cluster.api("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    assert made.status == 201, made.body
    return name


async def allow(cluster: Cluster, namespace: str, group: str, rule: Mapping[str, list[str]]) -> None:
    """A Role for a group."""
    base = f"{RBAC}/namespaces/{namespace}"
    made = await cluster.api("POST", f"{base}/roles", {"metadata": {"name": group}, "rules": [rule]})
    assert made.status == 201, made.body
    binding = {
        "metadata": {"name": group},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": group},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}],
    }
    assert (await cluster.api("POST", f"{base}/rolebindings", binding)).status == 201


async def until(cluster: Cluster, path: str, user: str, status: int) -> None:
    """An authorizer reads bindings from a cache, so what one gives takes a moment."""
    async with asyncio.timeout(10):
        while (await cluster.api("GET", path, user=user)).status != status:  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(0.02)


async def test_the_api_server_sees_the_user_of_the_access_entry(any_cluster: Fronted) -> None:
    any_cluster.entries.add("ci", ("deployers",))
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}

    answer = await any_cluster.api("POST", WHOAMI, review, user="ci")

    info = answer.body["status"]["userInfo"]
    assert info["username"] == f"{SESSION}/ci/ci-session-1"
    assert sorted(info["groups"]) == ["deployers", "system:authenticated"]
    assert info["uid"] == f"aws-iam-authenticator:{ACCOUNT}:AROACI"
    assert info["extra"]["canonicalArn"] == [role_arn("ci")]
    assert info["extra"]["sessionName"] == ["ci-session-1"]


async def test_without_an_identity_only_public_paths_answer(any_cluster: Fronted) -> None:
    assert (await any_cluster.api("GET", "/version", user=None)).status == 200
    assert (await any_cluster.api("GET", "/api/v1/pods", user=None)).status == 401
    assert (await any_cluster.api("GET", "/api/v1/pods", user="stranger")).status == 401


async def test_rbac_denies_with_kubernetes_own_words_and_the_denial_is_kept(any_cluster: Fronted) -> None:
    any_cluster.entries.add("ci", ("deployers",))
    namespace = await namespaced(any_cluster)

    refused = await any_cluster.api("GET", f"/api/v1/namespaces/{namespace}/secrets", user="ci")

    assert (refused.status, refused.body["reason"]) == (403, "Forbidden")
    assert refused.message == (
        f'secrets is forbidden: User "{SESSION}/ci/ci-session-1" cannot list resource "secrets" in API group "" '
        f'in the namespace "{namespace}"'
    )
    kept = any_cluster.gate.records[-1]
    assert (kept.door, kept.action, kept.resource) == ("kubernetes", "list secrets", f"demo/{namespace}")
    assert (kept.decision.allowed, kept.decision.layer) == (False, "rbac")


async def test_groups_of_the_entry_have_what_rbac_gives_them(any_cluster: Fronted) -> None:
    any_cluster.entries.add("ci", ("deployers",))
    namespace = await namespaced(any_cluster)
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "create"]}
    await allow(any_cluster, namespace, "deployers", rule)
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    await until(any_cluster, path, "ci", 200)

    made = await any_cluster.api("POST", path, {"metadata": {"name": "made"}}, user="ci")

    assert made.status == 201
    assert (await any_cluster.api("DELETE", f"{path}/made", user="ci")).status == 403
    written = [kept for kept in any_cluster.gate.records if kept.action == "create configmaps"]
    assert [kept.decision.allowed for kept in written] == [True]


async def test_an_access_policy_reaches_its_namespaces_and_no_others(any_cluster: Fronted) -> None:
    inside, outside = await namespaced(any_cluster), await namespaced(any_cluster)
    any_cluster.entries.add("editor", policies=((EDIT, (inside,)),))
    body = {"metadata": {"name": "mine"}}

    made = await any_cluster.api("POST", f"/api/v1/namespaces/{inside}/secrets", body, user="editor")

    assert made.status == 201, made.body
    for path in (f"/api/v1/namespaces/{outside}/secrets", "/api/v1/secrets", "/api/v1/nodes"):
        assert (await any_cluster.api("GET", path, user="editor")).status == 403, path
    assert (await any_cluster.api("GET", f"/api/v1/namespaces/{inside}/secrets/mine", user="editor")).status == 200


async def test_a_policy_has_its_binding_again_after_the_namespace_was_made_anew(any_cluster: Fronted) -> None:
    namespace = await namespaced(any_cluster)
    any_cluster.entries.add("editor", policies=((EDIT, (namespace,)),))
    path = f"/api/v1/namespaces/{namespace}/secrets"
    assert (await any_cluster.api("GET", path, user="editor")).status == 200
    # when somebody removes what the policy stands on
    bindings = f"{RBAC}/namespaces/{namespace}/rolebindings"
    for one in (await any_cluster.api("GET", bindings)).body["items"]:
        await any_cluster.api("DELETE", f"{bindings}/{one['metadata']['name']}")
    # then it is there again with the next request: EKS's policies are no objects that could be removed
    assert (await any_cluster.api("GET", path, user="editor")).status == 200


async def test_what_the_front_made_in_the_cluster_goes_with_it(any_cluster: Fronted) -> None:
    from ekswiz_sim.kubernetes.remote.client import Client
    from ekswiz_sim.kubernetes.remote.policies import LABEL, OURS

    namespace = await namespaced(any_cluster)
    any_cluster.entries.add("editor", policies=((EDIT, (namespace,)),))
    await any_cluster.api("GET", f"/api/v1/namespaces/{namespace}/secrets", user="editor")
    before = await any_cluster.remote.snapshot()
    admin = any_cluster.remote._admin

    await any_cluster.stop()

    client = Client(admin)
    try:
        for kind in ("clusterroles", "clusterrolebindings", "rolebindings"):
            listed = await client.get(f"{RBAC}/{kind}?labelSelector={LABEL}%3D{OURS}")
            assert listed["items"] == []
    finally:
        await client.close()
    assert f"namespaces//{namespace}" in before
    assert not [key for key in before if "eks:access-policy" in key]


async def test_a_watch_passes_on_as_it_happens(any_cluster: Fronted) -> None:
    namespace = await namespaced(any_cluster)
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    async with watching(any_cluster, f"{path}?watch=true") as lines:
        # real clusters put a ConfigMap of their own into each namespace
        await any_cluster.api("POST", path, {"metadata": {"name": "seen"}})
        async with asyncio.timeout(10):
            while (event := json.loads(await anext(lines)))["object"]["metadata"]["name"] != "seen":
                continue
    assert event["type"] == "ADDED"


class watching:  # noqa: N801 - reads as what it is: `async with watching(...)`
    """The lines of a watch."""

    def __init__(self, cluster: Cluster, path: str) -> None:
        self._session = aiohttp.ClientSession(headers={"Authorization": "Bearer k8s-aws-v1.admin"})
        self._url, self._tls = cluster.endpoint.url + path, cluster.tls()

    async def __aenter__(self) -> AsyncIterator[bytes]:
        self._answer = await self._session.get(self._url, ssl=self._tls)
        assert self._answer.status == 200
        return aiter(self._answer.content)

    async def __aexit__(self, *_: object) -> None:
        self._answer.close()
        await self._session.close()


async def test_a_client_may_impersonate_whom_rbac_lets_it(any_cluster: Fronted) -> None:
    any_cluster.entries.add("ci", ("deployers",))
    refused = await any_cluster.api(
        "GET", "/api", user="ci", Impersonate_User="root", Impersonate_Group="system:masters"
    )
    assert (refused.status, any_cluster.gate.records[-1].action) == (403, "impersonate")
    assert 'cannot impersonate resource "users" in API group "" at the cluster scope' in refused.message
    # given an admin, it is the other who asks, without the admin's policies
    pods = "/api/v1/namespaces/default/pods"
    assert (await any_cluster.api("GET", pods, Impersonate_User="bob")).status == 403
    master = {"Impersonate_User": "bob", "Impersonate_Group": "system:masters"}
    assert (await any_cluster.api("GET", pods, **master)).status == 200
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    who = await any_cluster.api("POST", WHOAMI, review, Impersonate_User="bob", Impersonate_Extra_Scopes="view")
    info = who.body["status"]["userInfo"]
    assert (info["username"], info["extra"]["scopes"]) == ("bob", ["view"])


async def test_nobody_becomes_the_administrator_by_a_header(any_cluster: Fronted) -> None:
    any_cluster.entries.add("ci", ("deployers",))
    sent = {"X_Remote_User": "root", "X_Remote_Group": "system:masters", "Connection": "close, X-Remote-Extra-A"}
    assert (await any_cluster.api("GET", "/api/v1/secrets", user="ci", **sent)).status == 403


@pytest.mark.parametrize("path", ["//127.0.0.2/api/v1/secrets", "/api/v1/../../api/v1/secrets", "/api/v1/secrets%2f"])
async def test_no_path_leads_past_the_front(any_cluster: Fronted, path: str) -> None:
    any_cluster.entries.add("ci", ("deployers",))
    assert (await any_cluster.api("GET", path, user="ci")).status in (301, 302, 307, 400, 403, 404)


async def test_kubectl_deploys_through_it(any_cluster: Fronted) -> None:
    namespace = await namespaced(any_cluster)
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "web:1"}]},
            },
        },
    }
    where = ("-n", namespace)
    for how in (("apply",), ("apply", "--server-side", "--force-conflicts"), ("diff",)):
        said = await any_cluster.kubectl(*how, *where, "-f", "-", stdin=json.dumps(manifest))
        assert said.code == 0, (how, said.text)
    scaled = await any_cluster.kubectl("scale", *where, "deployment/web", "--replicas=2")
    assert scaled.out == "deployment.apps/web scaled\n"
    table = await any_cluster.kubectl("get", *where, "deployments")
    assert table.out.split()[:5] == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    broken = json.loads(json.dumps(manifest).replace('"replicas"', '"replikas"'))
    refused = await any_cluster.kubectl("apply", *where, "-f", "-", stdin=json.dumps(broken))
    assert 'unknown field "spec.replikas"' in refused.err
    can = await any_cluster.kubectl("auth", "can-i", *where, "delete", "deployments.apps", user="admin")
    assert can.out == "yes\n"
    gone = await any_cluster.kubectl("delete", *where, "deployment/web", "--wait=false")
    assert gone.code == 0
