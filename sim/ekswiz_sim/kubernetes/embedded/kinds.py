"""Every resource type that the embedded API serves."""

from __future__ import annotations

from ekswiz_sim.kubernetes.embedded.store import Kind

_ALL = ("all",)
_RBAC = "rbac.authorization.k8s.io"

NAMESPACES = Kind("", "v1", "namespaces", "Namespace", namespaced=False, short=("ns",), subresources=("status",))
NODES = Kind("", "v1", "nodes", "Node", namespaced=False, short=("no",), subresources=("status",))
PODS = Kind("", "v1", "pods", "Pod", short=("po",), subresources=("status", "log", "proxy", "exec"), categories=_ALL)
SERVICES = Kind("", "v1", "services", "Service", short=("svc",), subresources=("status", "proxy"), categories=_ALL)
ENDPOINTS = Kind("", "v1", "endpoints", "Endpoints", short=("ep",))
CONFIG_MAPS = Kind("", "v1", "configmaps", "ConfigMap", short=("cm",))
SECRETS = Kind("", "v1", "secrets", "Secret")
SERVICE_ACCOUNTS = Kind("", "v1", "serviceaccounts", "ServiceAccount", short=("sa",))
EVENTS = Kind("", "v1", "events", "Event", short=("ev",))
DEPLOYMENTS = Kind(
    "apps", "v1", "deployments", "Deployment", short=("deploy",), subresources=("status", "scale"), categories=_ALL
)
REPLICA_SETS = Kind(
    "apps", "v1", "replicasets", "ReplicaSet", short=("rs",), subresources=("status", "scale"), categories=_ALL
)
HPAS = Kind(
    "autoscaling",
    "v2",
    "horizontalpodautoscalers",
    "HorizontalPodAutoscaler",
    short=("hpa",),
    subresources=("status",),
    categories=_ALL,
)
INGRESSES = Kind("networking.k8s.io", "v1", "ingresses", "Ingress", short=("ing",), subresources=("status",))
NETWORK_POLICIES = Kind("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", short=("netpol",))
PDBS = Kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", short=("pdb",), subresources=("status",))
ENDPOINT_SLICES = Kind("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
ROLES = Kind(_RBAC, "v1", "roles", "Role")
ROLE_BINDINGS = Kind(_RBAC, "v1", "rolebindings", "RoleBinding")
CLUSTER_ROLES = Kind(_RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDINGS = Kind(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False)
LEASES = Kind("coordination.k8s.io", "v1", "leases", "Lease")

SERVED = (
    NAMESPACES, NODES, PODS, SERVICES, ENDPOINTS, CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS, EVENTS,
    DEPLOYMENTS, REPLICA_SETS, HPAS, INGRESSES, NETWORK_POLICIES, PDBS, ENDPOINT_SLICES,
    ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, LEASES,
)  # fmt: skip
