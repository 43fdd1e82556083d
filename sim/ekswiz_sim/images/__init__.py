"""Builds and pulls OCI images without a daemon."""
