"""Kubernetes' rules for names, labels and ports, with its texts."""

from __future__ import annotations

import re
from typing import Any

from ekswiz_sim.kubernetes.embedded.api.errors import Cause, invalid
from ekswiz_sim.kubernetes.embedded.store import Obj

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = rf"({_QUALIFIED})?"
_PATH_SEGMENT = ("/", "%")
_LABEL_MAX, _SUBDOMAIN_MAX = 63, 253
_PORT_MAX = 65535


def _used(pattern: str) -> str:
    shown = pattern.replace(_LABEL, r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
    return f"regex used for validation is '{shown}')"


_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', {_used(_SUBDOMAIN)}"
)
_LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', {_used(_LABEL)}"
)
_LABEL_1035_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    f"and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', {_used(_LABEL_1035)}"
)
_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
    r"regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_QUALIFIED_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', "
    r"regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_ENV = r"[\x20-\x3C\x3E-\x7E]+"


def _matches(pattern: str, value: str) -> bool:
    return re.fullmatch(pattern, value, re.ASCII) is not None


def _too_long(limit: int) -> str:
    return f"must be no more than {limit} characters"


def subdomain(field: str, value: str) -> list[Cause]:
    """A lowercase RFC 1123 subdomain: the name of most objects."""
    if len(value) > _SUBDOMAIN_MAX:
        return [invalid(field, value, _too_long(_SUBDOMAIN_MAX))]
    return [] if _matches(_SUBDOMAIN, value) else [invalid(field, value, _SUBDOMAIN_TEXT)]


def label(field: str, value: str) -> list[Cause]:
    """A lowercase RFC 1123 label: namespaces, containers, volumes."""
    if len(value) > _LABEL_MAX:
        return [invalid(field, value, _too_long(_LABEL_MAX))]
    return [] if _matches(_LABEL, value) else [invalid(field, value, _LABEL_TEXT)]


def label_1035(field: str, value: str) -> list[Cause]:
    """A DNS-1035 label: Services."""
    if len(value) > _LABEL_MAX:
        return [invalid(field, value, _too_long(_LABEL_MAX))]
    return [] if _matches(_LABEL_1035, value) else [invalid(field, value, _LABEL_1035_TEXT)]


def path_segment(field: str, value: str) -> list[Cause]:
    """RBAC objects may be called anything that fits into a URL."""
    if value in (".", ".."):
        return [invalid(field, value, f"may not be '{value}'")]
    return [invalid(field, value, f"may not contain '{one}'") for one in _PATH_SEGMENT if one in value]


def labels(field: str, values: Obj | None) -> list[Cause]:
    """Label keys and values."""
    found: list[Cause] = []
    for key, value in (values or {}).items():
        found += qualified(field, key)
        if len(value) > _LABEL_MAX:
            found.append(invalid(field, value, _too_long(_LABEL_MAX)))
        elif not _matches(_VALUE, value):
            found.append(invalid(field, value, _VALUE_TEXT))
    return found


def qualified(field: str, key: str) -> list[Cause]:
    """A key of a label or annotation: `name` or `prefix/name`."""
    prefix, slash, name = key.rpartition("/")
    found: list[Cause] = []
    if slash and not (prefix and _matches(_SUBDOMAIN, prefix)):
        found.append(invalid(field, key, f"prefix part {_SUBDOMAIN_TEXT}"))
    if not name:
        found.append(invalid(field, key, "name part must be non-empty"))
    elif len(name) > _LABEL_MAX:
        found.append(invalid(field, key, f"name part {_too_long(_LABEL_MAX)}"))
    elif not _matches(_QUALIFIED, name):
        found.append(invalid(field, key, _QUALIFIED_TEXT))
    return found


def env_name(field: str, value: str) -> list[Cause]:
    """The name of an environment variable."""
    if _matches(_ENV, value):
        return []
    why = "a valid environment variable name must consist only of printable ASCII characters other than '='"
    return [invalid(field, value, why)]


def data_key(field: str, value: str) -> list[Cause]:
    """A key of a ConfigMap or Secret."""
    if _matches(r"[-._a-zA-Z0-9]+", value):
        return []
    why = (
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',"
        "  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
    )
    return [invalid(field, value, why)]


def port_number(field: str, value: Any) -> list[Cause]:
    """A TCP or UDP port."""
    if isinstance(value, int) and 1 <= value <= _PORT_MAX:
        return []
    return [invalid(field, value, f"must be between 1 and {_PORT_MAX}, inclusive")]


def port_name(field: str, value: str) -> list[Cause]:
    """An IANA service name: at most 15 characters with a letter."""
    if len(value) > 15:  # noqa: PLR2004 - RFC 6335
        return [invalid(field, value, "must be no more than 15 characters")]
    if not _matches(r"[-a-z0-9]+", value):
        return [invalid(field, value, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")]
    if not re.search(r"[a-z]", value):
        return [invalid(field, value, "must contain at least one letter (a-z)")]
    if "--" in value:
        return [invalid(field, value, "must not contain consecutive hyphens")]
    if value[0] == "-" or value[-1] == "-":
        return [invalid(field, value, "must not begin or end with a hyphen")]
    return []


def port_reference(field: str, value: Any) -> list[Cause]:
    """A port by number or name."""
    if isinstance(value, str) and not value.isdecimal():
        return port_name(field, value)
    return port_number(field, int(value) if isinstance(value, str) else value)
