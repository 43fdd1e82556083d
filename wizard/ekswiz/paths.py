"""Paths inside the user's repository that both the trust policies and the generated files name."""

from __future__ import annotations

WORKFLOW_PATH = ".github/workflows/deploy.yml"
"""The workflow that a push to the branch starts; its build job assumes the push role."""

DEPLOY_WORKFLOW_PATH = ".github/workflows/deploy-to-eks.yml"
"""The reusable workflow that holds the deploy job alone, where there is no GitHub environment to tell it apart."""

CHECK_WORKFLOW_PATH = ".github/workflows/oidc-check.yml"
"""The workflow that shows what GitHub's token says and what the roles ask for; no role trusts it."""

DEPENDABOT_PATH = ".github/dependabot.yml"
"""Where GitHub looks for what Dependabot is to keep fresh."""
