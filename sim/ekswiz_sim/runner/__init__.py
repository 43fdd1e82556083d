"""Runs a workflow file as GitHub's runner would."""
