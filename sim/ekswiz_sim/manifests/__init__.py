"""The repository's own manifests, looked at before a world is started."""
