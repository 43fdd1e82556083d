"""How the pages are built: `make docs`. The source is the repository, so that README and its neighbours are pages, too.

Every page is plain Markdown that GitHub shows as it is. Which pages there are, and in what order, `docs/index.md` says
by its links: a page that it does not link to is in no table of contents, which ends the build.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "ekswiz"
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**"]
exclude_patterns = ["docs/pictures/**"]
html_theme = "alabaster"
html_theme_options = {"description": "GitHub Actions to Amazon EKS, without stored keys", "page_width": "72rem"}
html_show_copyright = False
myst_heading_anchors = 6
suppress_warnings = ["myst.header"]  # a page's `###` below its title is what GitHub shows
nitpicky = True
INDEX = root_doc
LINK = re.compile(r"\]\(([^)#:\s]+\.md)\)")


def contents(_app: Sphinx, page: str, source: list[str]) -> None:
    """Make the index's links its table of contents as well."""
    if page != INDEX:
        return
    linked = "\n".join(dict.fromkeys(LINK.findall(source[0])))
    source[0] += f"\n```{{toctree}}\n:hidden:\n\n{linked}\n```\n"


def setup(app: Sphinx) -> None:
    """Register the hook."""
    app.connect("source-read", contents)
