"""What the front needs of a cluster that is not ours: its address, its CA, and an administrator's client certificate.

That certificate may impersonate everybody, so it stays in memory and in one private file, and never reaches a client.
"""

from __future__ import annotations

import base64
import binascii
import os
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ekswiz.errors import RehearsalError

_REMEDY = "A kubeconfig of an administrator with a client certificate is needed."


@dataclass(frozen=True, slots=True)
class Admin:
    """An administrator of one cluster. All three certificates and keys are PEM."""

    url: str
    ca_pem: bytes
    certificate: bytes = field(repr=False)
    key: bytes = field(repr=False)

    def tls(self) -> ssl.SSLContext:
        """TLS that trusts the cluster's CA alone and shows the client certificate.

        Raises:
            RehearsalError: Something of it is no PEM.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        descriptor, name = tempfile.mkstemp(prefix="admin-", suffix=".pem")  # OpenSSL reads these from a file only
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(self.certificate.rstrip() + b"\n" + self.key)
            context.load_verify_locations(cadata=self.ca_pem.decode())
            context.load_cert_chain(name)
        except (ssl.SSLError, ValueError) as error:
            raise RehearsalError(f"the certificates for {self.url} cannot be used: {error}.", _REMEDY) from error
        finally:
            Path(name).unlink()
        return context


def from_kubeconfig(text: str) -> Admin:
    """The administrator of the current context of a kubeconfig that holds its certificates inline, as kind writes it.

    Raises:
        RehearsalError: It is no such kubeconfig; says what is missing.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        document = YAML(typ="safe").load(text)
        context = _named(document, "contexts", document["current-context"])["context"]
        cluster = _named(document, "clusters", context["cluster"])["cluster"]
        user = _named(document, "users", context["user"])["user"]
        return Admin(
            str(cluster["server"]).rstrip("/"),
            _inline(cluster, "certificate-authority-data"),
            _inline(user, "client-certificate-data"),
            _inline(user, "client-key-data"),
        )
    except KeyError as missing:
        raise RehearsalError(f"the kubeconfig has no {missing.args[0]}.", _REMEDY) from missing
    except (YAMLError, TypeError, binascii.Error) as error:
        raise RehearsalError(f"the kubeconfig cannot be read: {error}.", _REMEDY) from error


def _named(document: Mapping[str, Any], section: str, name: str) -> Mapping[str, Any]:
    entries: Sequence[Mapping[str, Any]] = document[section]
    for entry in entries:
        if entry["name"] == name:
            return entry
    raise KeyError(f"{name} in {section}")


def _inline(entry: Mapping[str, Any], name: str) -> bytes:
    return base64.b64decode(entry[name], validate=True)
