"""Talking to an endpoint: calls passed on as they came, and questions of our own through botocore.

Emulators take the account from the access key: twelve digits are the account itself. So a rehearsal acts in the account
of its answers, and what others keep in theirs is out of its sight. No key of the user's is ever read or sent.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from ekswiz_sim.aws import sessions
from ekswiz_sim.gate.wire import Reply
from ekswiz_sim.seams import ServiceError

VERSIONS: Mapping[str, str] = {"iam": "2010-05-08", "ec2": "2016-11-15", "sts": "2011-06-15"}
CONNECT_SECONDS, READ_SECONDS = 5.0, 60.0
"""An emulator loads a service with its first call, which takes LocalStack up to half a minute."""
UNAVAILABLE = 503


class Wire:
    """One account and region of an endpoint. Thread-safe.

    Args:
        url: Scheme, host and port.
        account: Twelve digits; also the access key.
        region: The region that calls are signed for.
    """

    def __init__(self, url: str, account: str, region: str) -> None:
        self.url = url
        self.account = account
        self.region = region
        self._session = sessions.session({"AccessKeyId": account, "SecretAccessKey": "rehearsal"}, region)
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str) -> Any:
        """A botocore client of the endpoint."""
        from botocore.config import Config

        with self._lock:
            if service not in self._clients:
                config = Config(
                    retries={"mode": "standard", "total_max_attempts": 1},
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=READ_SECONDS,
                    proxies={},
                )
                self._clients[service] = self._session.create_client(service, endpoint_url=self.url, config=config)
            return self._clients[service]

    def ask(self, service: str, operation: str, **params: Any) -> Mapping[str, Any]:
        """The answer's members.

        Raises:
            ServiceError: The endpoint refuses, or does not answer.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found: Mapping[str, Any] = getattr(self.client(service), _snake(operation))(**params)
        except ClientError as error:
            said, meta = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
            code, text = str(said.get("Code", "")), str(said.get("Message", ""))
            raise ServiceError(code, text, int(meta.get("HTTPStatusCode", 400))) from error
        except (BotoCoreError, ValueError) as error:
            raise self.unavailable(error) from error
        return found

    def every(self, service: str, operation: str, member: str, **params: Any) -> Iterator[Any]:
        """The items of a list that may come in pages.

        Raises:
            ServiceError: As `ask`.
        """
        marker: dict[str, Any] = {}
        while True:
            page = self.ask(service, operation, **params, **marker)
            yield from page.get(member) or ()
            marker = _next(page)
            if not marker:
                return

    def send(self, service: str, form: Mapping[str, str]) -> Reply:
        """Pass a query-protocol call on, signed anew; the answer as it is.

        Raises:
            ServiceError: ServiceUnavailable; the endpoint does not answer.
        """
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import BotoCoreError, HTTPClientError

        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        body = urlencode({"Version": VERSIONS[service], **form})
        request = AWSRequest("POST", f"{self.url}/", headers, body)
        SigV4Auth(self._session.get_credentials(), service, self.region).add_auth(request)
        try:
            answer = self.client(service)._endpoint.http_session.send(request.prepare())  # noqa: SLF001 - its pool of connections
        except (BotoCoreError, HTTPClientError) as error:
            raise self.unavailable(error) from error
        kind = str(answer.headers.get("Content-Type", "text/xml")).partition(";")[0]
        return Reply(int(answer.status_code), answer.content, kind)

    def unavailable(self, error: Exception) -> ServiceError:
        """That the endpoint does not answer, as an AWS service says it."""
        text = f"The AWS endpoint {self.url} does not answer: {' '.join(str(error).split())[:200]}"
        return ServiceError("ServiceUnavailable", text, UNAVAILABLE)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


def _snake(operation: str) -> str:
    from botocore import xform_name

    return str(xform_name(operation))


def _next(page: Mapping[str, Any]) -> dict[str, Any]:
    """The parameter that asks for the next page: IAM's, or EC2's."""
    if page.get("IsTruncated") and page.get("Marker"):
        return {"Marker": page["Marker"]}
    return {"NextToken": page["NextToken"]} if page.get("NextToken") else {}
