"""A request and a reply as they are on the wire, free of any server's types.

The path and query stay as the client sent them: a signature covers the raw characters, not what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Header names are in lower case; repeated headers are joined with a comma."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    source_ip: str = "127.0.0.1"

    def header(self, name: str) -> str:
        """The header's value, or an empty string."""
        return self.headers.get(name.lower(), "")

    def queries(self) -> list[tuple[str, str]]:
        """The decoded query parameters in their order."""
        return parse_qsl(self.query, keep_blank_values=True)

    def form(self) -> list[tuple[str, str]]:
        """The decoded form of a query-protocol request: the body of a POST, else the query."""
        if self.method != "POST":
            return self.queries()
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
