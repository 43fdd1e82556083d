"""A plan in forms that need no ekswiz: scripts, templates of other tools, and reports to read.

Every form is made of the one plan. What ekswiz adopts and never owns (the account's OIDC provider, an existing cluster)
is looked up in the templates and never made by them, and each object bears the tags by which a later plan knows it as
this stack's: leaving ekswiz, and coming back, both work.
"""

from __future__ import annotations

from ekswiz.export.document import Document, Form, Subject
from ekswiz.export.forms import FORMS, documents, write_all

__all__ = ["FORMS", "Document", "Form", "Subject", "documents", "write_all"]
