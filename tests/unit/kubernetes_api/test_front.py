from __future__ import annotations

import base64
from typing import Any

from unit.kubernetes_api.stand_in import ACCOUNT, CLUSTER_ADMIN, EDIT, Cluster, role_arn

PODS = "/api/v1/namespaces/default/pods"


async def status(cluster: Cluster, path: str, user: str | None, **headers: str) -> int:
    return (await cluster.api("GET", path, user=user, **headers)).status


async def test_without_an_identity_only_public_paths_answer(cluster: Cluster) -> None:
    for path in ("/healthz", "/livez", "/readyz", "/version"):
        assert await status(cluster, path, None) == 200
    for path in (PODS, "/api", "/apis", "/openapi/v3", "/"):
        refused = await cluster.api("GET", path, user=None)
        assert (refused.status, refused.body["reason"], refused.message) == (401, "Unauthorized", "Unauthorized")
        assert refused.body["kind"] == "Status"


async def test_every_bad_token_is_unauthorized(cluster: Cluster) -> None:
    for token in ("Bearer nonsense", "Bearer k8s-aws-v1.forged", "Basic YTpi", "Bearer", "k8s-aws-v1.admin"):
        assert await status(cluster, PODS, None, Authorization=token) == 401
    # even where nobody would have to say who they are
    assert await status(cluster, "/healthz", None, Authorization="Bearer k8s-aws-v1.forged") == 401


async def test_without_an_entry_401_is_answered_and_its_reason_recorded(cluster: Cluster) -> None:
    # given a role without access entry
    # when it asks
    assert await status(cluster, PODS, "stranger") == 401
    # then the gate keeps why, which the client is not told
    [kept] = cluster.gate.records
    assert (kept.door, kept.decision.layer, kept.decision.allowed) == ("eks", "entry", False)
    assert kept.decision.why == f"no access entry for {role_arn('stranger')} in cluster demo"


async def test_an_entry_for_a_role_made_again_is_a_tombstone(cluster: Cluster) -> None:
    # given an entry, and its role deleted and made again under the same ARN
    cluster.entries.add("ci", ("deployers",))
    assert await status(cluster, "/api", "ci") == 200
    cluster.gate.unique_ids["ci"] = "AROANEW"
    # when it asks again, then it is nobody
    assert await status(cluster, "/api", "ci") == 401
    kept = cluster.gate.records[-1].decision
    assert (kept.layer, kept.expected, kept.got) == ("entry", ("AROACI",), ("AROANEW",))


async def test_the_session_name_becomes_part_of_the_user(cluster: Cluster) -> None:
    cluster.entries.add("ci", ("deployers",))
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = await cluster.api("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body, user="ci")
    assert answer.body["status"]["userInfo"] == {
        "username": f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/ci-session-1",
        "groups": ["deployers", "system:authenticated"],
        "uid": f"aws-iam-authenticator:{ACCOUNT}:AROACI",
        "extra": {
            "accessKeyId": [""],
            "arn": [f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/ci-session@1"],
            "canonicalArn": [role_arn("ci")],
            "principalId": ["AROACI"],
            "sessionName": ["ci-session-1"],
        },
    }


async def test_access_policies_are_rules_within_their_namespaces(cluster: Cluster) -> None:
    # given the Edit policy in one namespace
    cluster.entries.add("editor", policies=((EDIT, ("default",)),))
    # when secrets are read there and elsewhere, then only there
    assert await status(cluster, "/api/v1/namespaces/default/secrets", "editor") == 200
    assert await status(cluster, "/api/v1/namespaces/kube-system/secrets", "editor") == 403
    assert await status(cluster, "/api/v1/secrets", "editor") == 403
    # and can-i names the entry and the policy
    attributes = {"namespace": "default", "verb": "get", "resource": "secrets"}
    review = {"spec": {"resourceAttributes": attributes}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = await cluster.api("POST", path, review, user="editor")
    assert answer.body["status"] == {
        "allowed": True,
        "reason": f'EKS Access Policy: allowed by AccessEntry "{role_arn("editor")}" Policy "AmazonEKSEditPolicy"',
    }


async def test_denials_and_changes_are_recorded_reads_are_not(cluster: Cluster) -> None:
    cluster.entries.add("ci", ("deployers",))
    cluster.gate.records.clear()
    # when an admin reads and writes, and another is denied
    await cluster.api("GET", PODS)
    body = {"metadata": {"name": "made"}}
    await cluster.api("POST", "/api/v1/namespaces/default/configmaps", body)
    denied = await cluster.api("DELETE", f"{PODS}/x", user="ci")
    # then the write and the denial are kept, with who decided
    assert denied.message == (
        f'pods "x" is forbidden: User "arn:aws:sts::{ACCOUNT}:assumed-role/ci/ci-session-1" cannot delete resource '
        '"pods" in API group "" in the namespace "default"'
    )
    wrote, refused = cluster.gate.records
    assert (wrote.door, wrote.action, wrote.resource) == ("kubernetes", "create configmaps", "demo/default")
    assert (wrote.decision.allowed, wrote.decision.layer) == (True, "entry")
    assert "AmazonEKSClusterAdminPolicy" in (wrote.decision.by or "")
    assert (refused.action, refused.resource) == ("delete pods", "demo/default/x")
    assert (refused.decision.allowed, refused.decision.layer, refused.decision.by) == (False, "rbac", None)


async def test_impersonation_needs_the_right_and_drops_the_own_ones(cluster: Cluster) -> None:
    cluster.entries.add("ci", ("deployers",))
    # given somebody who may not, then nothing is done in another's name
    refused = await cluster.api("GET", "/api", user="ci", Impersonate_User="root", Impersonate_Group="system:masters")
    assert refused.status == 403
    assert 'cannot impersonate resource "users" in API group "" at the cluster scope' in refused.message
    assert cluster.gate.records[-1].action == "impersonate"
    # given an admin, then it is the other who asks, without the admin's policies
    assert await status(cluster, PODS, "admin", Impersonate_User="bob") == 403
    assert await status(cluster, PODS, "admin", Impersonate_User="bob", Impersonate_Group="system:masters") == 200
    # and headers that nobody knows, or a group without a user, are refused
    assert await status(cluster, PODS, "admin", Impersonate_User="bob", Impersonate_Shoesize="x") == 403
    assert await status(cluster, PODS, "admin", Impersonate_Group="system:masters") == 500
    assert await status(cluster, "/healthz", None, Impersonate_User="bob") == 401


async def test_every_extra_is_asked_for_by_itself(cluster: Cluster) -> None:
    # given somebody who may be anybody, of any group, but with no extra other than one scope
    cluster.entries.add("agent", ("agents",))
    rules = [
        {"apiGroups": [""], "resources": ["users", "groups"], "verbs": ["impersonate"]},
        {
            "apiGroups": ["authentication.k8s.io"],
            "resources": ["userextras/scopes"],
            "resourceNames": ["view"],
            "verbs": ["impersonate"],
        },
    ]
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    await cluster.api("POST", f"{rbac}/clusterroles", {"metadata": {"name": "agent"}, "rules": rules})
    binding = {
        "metadata": {"name": "agent"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "agent"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "agents"}],
    }
    await cluster.api("POST", f"{rbac}/clusterrolebindings", binding)
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}

    async def who(scope: str) -> Any:
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        more = {"Impersonate_User": "bob", "Impersonate_Extra_Scopes": scope}
        return await cluster.api("POST", path, review, user="agent", **more)

    assert (await who("view")).body["status"]["userInfo"]["extra"] == {"scopes": ["view"]}
    assert 'cannot impersonate resource "userextras/scopes" in API group' in (await who("write")).message


async def test_an_impersonated_request_keeps_its_body(cluster: Cluster) -> None:
    body = {"metadata": {"name": "made"}}
    path = "/api/v1/namespaces/default/configmaps"
    answer = await cluster.api("POST", path, body, Impersonate_User="bob", Impersonate_Group="system:masters")
    assert (answer.status, answer.body["metadata"]["name"]) == (201, "made")


async def test_a_token_is_never_shown_back(cluster: Cluster) -> None:
    secret = base64.urlsafe_b64encode(b"forged-secret").decode()
    answer = await cluster.api("GET", PODS, user=f"forged-{secret}")
    assert secret not in str(answer.body)


async def test_rights_in_one_namespace_reach_nothing_outside_it(cluster: Cluster) -> None:
    # given everything in one namespace, by a policy that has every resource
    cluster.entries.add("owner", policies=((CLUSTER_ADMIN, ("default",)),))
    assert await status(cluster, "/api/v1/namespaces/default/secrets", "owner") == 200
    assert await status(cluster, "/api/v1/namespaces/default", "owner") == 200
    # when cluster-scoped objects, or other namespaces, are asked for through that namespace's URL
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    for path in (
        "/api/v1/namespaces/default/nodes",
        "/api/v1/namespaces/default/namespaces",
        "/api/v1/namespaces/default/namespaces/kube-system",
        f"{rbac}/namespaces/default/clusterroles",
        f"{rbac}/namespaces/default/clusterroles/cluster-admin",
    ):
        # then there is nothing
        assert await status(cluster, path, "owner") == 404, path
    body = {"metadata": {"name": "mine"}, "rules": []}
    made = await cluster.api("POST", f"{rbac}/namespaces/default/clusterroles", body, user="owner")
    assert made.status == 404
    gone = await cluster.api("DELETE", "/api/v1/namespaces/default/namespaces/kube-public", user="owner")
    assert gone.status == 404
    for path in ("/api/v1/nodes", "/api/v1/namespaces", "/api/v1/namespaces/kube-system", f"{rbac}/clusterroles"):
        assert await status(cluster, path, "owner") == 403, path


async def test_a_policy_whose_rules_nobody_knows_gives_nothing(cluster: Cluster) -> None:
    unknown = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSFuturePolicy"
    cluster.entries.add("ci", policies=((unknown, ()),))
    assert await status(cluster, PODS, "ci") == 403
    whys = [kept.decision.why for kept in cluster.gate.records]
    assert "the rules of access policy AmazonEKSFuturePolicy are not modelled, so it gives nothing" in whys


async def test_local_reviews_stay_in_their_namespace(cluster: Cluster) -> None:
    path = "/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews"

    async def ask(namespace: str) -> int:
        attributes = {"namespace": namespace, "verb": "get", "resource": "pods"}
        answer = await cluster.api("POST", path, {"spec": {"user": "bob", "resourceAttributes": attributes}})
        return answer.status

    assert (await ask("default"), await ask("kube-system")) == (201, 400)
