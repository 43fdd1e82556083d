"""The answers of a stack that is there, read from what it is made of: roles, cluster, Kubernetes, workflow files.

Nothing is guessed. A value comes from the object that it made, and what no object tells has its default or is asked for
by name. Nothing here reads a journal or an answers file: a stack whose maker has left can be read by anybody who may.
"""

from __future__ import annotations

from ekswiz.from_account.found import Found
from ekswiz.from_account.rebuild import rebuild

__all__ = ["Found", "rebuild"]
