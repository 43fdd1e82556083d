"""ekswiz: GitHub Actions deployments to Amazon EKS, planned, rehearsed and applied without stored keys."""

__version__ = "0.1.0"
