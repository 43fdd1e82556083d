"""Paths inside the user's repository that both the trust policies and the generated files name."""

from __future__ import annotations

from types import MappingProxyType

WORKFLOW_PATH = ".github/workflows/deploy.yml"
"""The workflow that a push to the branch starts; its build job assumes the push role."""

DEPLOY_WORKFLOW_PATH = ".github/workflows/deploy-to-eks.yml"
"""The reusable workflow that holds the deploy job alone, where there is no GitHub environment to tell it apart."""

CHECK_WORKFLOW_PATH = ".github/workflows/oidc-check.yml"
"""The workflow that shows what GitHub's token says and what the roles ask for; no role trusts it."""

FOLDER_WORKFLOWS = MappingProxyType(
    {
        WORKFLOW_PATH: ".github/workflows/deploy-{stack}.yml",
        DEPLOY_WORKFLOW_PATH: ".github/workflows/deploy-{stack}-to-eks.yml",
        CHECK_WORKFLOW_PATH: ".github/workflows/oidc-check-{stack}.yml",
    }
)
"""The same files of one service among several in a repository: each has its own."""

DEPENDABOT_PATH = ".github/dependabot.yml"
"""Where GitHub looks for what Dependabot is to keep fresh."""


def workflow_path(usual: str, stack: str, folder: str) -> str:
    """Where this workflow of a stack lies: at its usual path, or named after the stack if its service has a folder."""
    return usual if folder == "." else FOLDER_WORKFLOWS[usual].format(stack=stack)
