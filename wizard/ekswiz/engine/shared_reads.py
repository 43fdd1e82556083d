"""Reads of one survey that ask AWS the same question share one answer. Nothing outlives the survey.

A survey changes nothing, so two identical questions within it may have one answer; the ten subnets of a network are
one DescribeSubnets. The surprising thing: a failed question is not remembered, so that who tries again really asks.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from ekswiz.target import Target

READS = ("describe_", "get_", "list_")
NO_READS = ("get_paginator", "get_waiter")


def sharing(target: Target) -> Target:
    """The same target for one survey: its AWS clients remember what they were asked."""
    memory = _Memory()
    return replace(target, aws=lambda service: _Client(target.aws(service), service, memory))


class _Memory:
    """Answers by question. Who asks first, asks AWS; the others wait for that answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[str, Future[Any]] = {}

    def answer(self, question: str, ask: Callable[[], Any]) -> Any:
        """The answer to this question, or the error of asking it."""
        with self._lock:
            held = self._answers.get(question)
            mine = held is None
            future = self._answers.setdefault(question, Future())
        if not mine:
            return future.result()
        try:
            future.set_result(ask())
        except BaseException as error:
            with self._lock:
                del self._answers[question]
            future.set_exception(error)
            raise
        return future.result()


class _Client:
    """A boto3 client whose reading methods and paginators share answers; all else is the client's own."""

    def __init__(self, client: Any, service: str, memory: _Memory) -> None:
        self._client = client
        self._service = service
        self._memory = memory

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if not name.startswith(READS) or name in NO_READS:
            return method
        return lambda **given: self._memory.answer(self._question(name, given), lambda: method(**given))

    def get_paginator(self, operation: str) -> _Paginator:
        """A paginator of the same listing."""
        return _Paginator(self, operation)

    def pages(self, operation: str, given: dict[str, Any]) -> list[Any]:
        """All pages of a listing."""
        question = self._question(f"pages of {operation}", given)
        return self._memory.answer(  # type: ignore[no-any-return]  # botocore's pages
            question, lambda: list(self._client.get_paginator(operation).paginate(**given))
        )

    def _question(self, operation: str, given: dict[str, Any]) -> str:
        return f"{self._service} {operation} {json.dumps(given, sort_keys=True, default=str)}"


class _Paginator:
    """What `pages` needs of a botocore paginator."""

    def __init__(self, client: _Client, operation: str) -> None:
        self._client = client
        self._operation = operation

    def paginate(self, **given: Any) -> Iterator[Any]:
        """The pages, one after the other."""
        return iter(self._client.pages(self._operation, given))
