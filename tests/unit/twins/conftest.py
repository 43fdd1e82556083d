from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ekswiz_sim.loop import LoopThread

from .fake_aws import FakeAws


@pytest.fixture(scope="module")
def loop() -> Iterator[LoopThread]:
    made = LoopThread("test-twins")
    yield made
    made.stop()


@pytest.fixture
def aws(loop: LoopThread) -> FakeAws:
    fake = FakeAws()
    fake.url = f"http://127.0.0.1:{loop.serve(fake.app())}"
    return fake


@pytest.fixture
def env(aws: FakeAws, tmp_path: Path) -> dict[str, str]:
    """What a step finds after credentials were configured."""
    return {
        "AWS_ENDPOINT_URL": aws.url, "AWS_ACCESS_KEY_ID": "ASIAGOOD", "AWS_SECRET_ACCESS_KEY": "se/cret+key",
        "AWS_SESSION_TOKEN": "to/ken+==", "AWS_REGION": "eu-central-1", "HOME": str(tmp_path / "home"),
    }  # fmt: skip


Lines = list[str]


@pytest.fixture
def lines() -> Lines:
    """What a step logs."""
    return []


Stop = Callable[[], bool]
