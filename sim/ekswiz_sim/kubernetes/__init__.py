"""Kubernetes: the EKS front (who may come in) and the clusters behind it."""
