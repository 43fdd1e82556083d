"""EC2 instance types, as far as their names say what they are."""

from __future__ import annotations

import re

ARM = re.compile(r"(?:a1|[a-z]+[0-9]+g[a-z]*)\..+", re.ASCII)
"""Instance types with AWS's own processors, e.g. t4g.medium."""
