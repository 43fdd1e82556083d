"""Clusters of kind: Kubernetes' own control plane and kubelet in a container of the engine, behind the EKS front.

Source: https://kind.sigs.k8s.io/docs/user/quick-start/
"""
