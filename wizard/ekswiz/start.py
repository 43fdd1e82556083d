"""The one-screen start: what ekswiz is for and what comes."""

from __future__ import annotations

SCREEN = """\
ekswiz: deploy from GitHub Actions to Amazon EKS, without stored keys.
Nothing changes until you type the account number.

  Rehearse on this machine     ekswiz --sim --sample     no AWS account, no Docker, no network
  Rehearse your repository     ekswiz --sim              plan, push, deploy, who gets in, destroy
  See every change             ekswiz plan               reads only
  Make the changes             ekswiz apply              asks for the account's last four digits
  Remove what was made         ekswiz destroy            and nothing else
  Keep a simulated AWS up      ekswiz sim up             then: ekswiz --sim plan | apply | destroy

What comes: two roles (one may push images, one may deploy), an ECR repository, an access entry with rights in
one namespace, and a workflow file that you can read. ekswiz --help lists every flag."""


def screen() -> str:
    """The text of the start screen; at most 80 columns wide are needed for its left part."""
    return SCREEN
