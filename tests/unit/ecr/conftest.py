from __future__ import annotations

from pathlib import Path

import pytest

from ekswiz_sim.aws.ecr import Ecr
from ekswiz_sim.registry.storage import Storage
from unit.ecr.shapes import Api


@pytest.fixture
def api(tmp_path: Path) -> Api:
    clock = [1_800_000_000.0]
    storage = Storage(tmp_path)
    ecr = Ecr(storage, "123456789012", "eu-central-1", lambda: "127.0.0.1:5000", lambda: clock[0])
    return Api(ecr, storage, clock)
