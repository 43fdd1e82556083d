"""The screens on the real product: a world is started, a plan made, applied, proved and removed again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ekswiz.errors import Exit
from ekswiz.frontend import Given
from ekswiz.main import Ekswiz
from ekswiz.tui.app import EkswizApp
from unit.tui_plan.conftest import Seat
from unit.tui_plan.plans import FakeRoad


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("EKSWIZ_STATE_DIR", str(tmp_path / "sim"))
    return tmp_path


async def digits(at: Seat) -> None:
    await at.press("a")
    await at.on("ConfirmModal")
    for box in at.app.screen.query("TickBox"):
        box.focus()
        await at.press("space")
    at.app.screen.query_one("#confirm-digits").focus()
    await at.press(*"3333", "enter")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the world outlives who starts it
async def test_preview_apply_result_destroy(home: Path) -> None:
    app = EkswizApp(Ekswiz(), Given(sample=True, source=home), sim=True)
    seen: list[Any] = []
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            at = Seat(app, pilot, FakeRoad())
            at.patience = 60.0
            await at.until(lambda: app.wizard.draft.values.get("cluster"))
            app.go("preview")
            await at.sees("+8 create", "Role ekswiz-hello-eks-deploy", "SIM")
            seen.append(app.wizard.view.plan)
            await digits(at)
            await at.on("ResultScreen")
            assert app.wizard.outcome is Exit.OK
            await at.sees("8 of 8 changes made", "ok   the cluster lets the deploy role in", "goes when you leave")
            app.go("destroy")
            await at.sees("-8 delete", "Role ekswiz-hello-eks-deploy")
            await digits(at)
            await at.sees("8 of 8 objects removed", "ok   nothing that ekswiz created is left")
    finally:
        assert app.wizard.close() == []
    assert json.loads(json.dumps(seen[0].to_json()))["account"] == "111122223333"
    assert app.wizard.farewell[0].startswith("ekswiz: (simulated) 8 of 8 objects removed")
