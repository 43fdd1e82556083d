from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from unit.kubernetes_api.stand_in import Cluster


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def cluster(tmp_path: Path, ca: trustme.CA) -> AsyncIterator[Cluster]:
    made = Cluster(tmp_path, ca)
    await made.start()
    yield made
    await made.stop()
