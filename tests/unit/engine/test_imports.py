import subprocess
import sys

import pytest

HEAVY = (
    "boto3", "botocore", "textual", "moto", "kubernetes", "pydantic", "tomlkit", "aiohttp", "ekswiz_sim", "githubkit",
    "httpx",
)  # fmt: skip
ROOMS = (
    "engine.planner", "engine.apply", "engine.destroy", "blueprint", "answers", "intent", "session", "operator_policy",
    "render",
    "answers_file", "clients.aws_clients", "clients.kube_client", "clients.eks_token", "iam.documents",
    "clients.github_client", "clients.github_rest",
    "engine.journal", "engine.lock",
)  # fmt: skip


@pytest.mark.parametrize("rooms", [ROOMS])
def test_the_engine_imports_nothing_heavy(rooms: tuple[str, ...]) -> None:
    program = "import sys\n" + "".join(f"import ekswiz.{room}\n" for room in rooms)
    program += f"print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"


def test_intent_knows_nothing_of_policies() -> None:
    program = "import sys, ekswiz.intent; print([name for name in sys.modules if name.startswith('ekswiz.iam')])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"


def test_answers_load_no_client_even_when_validating() -> None:
    program = (
        "import sys\nfrom unit.engine.fakes import ANSWERS\nfrom ekswiz.answers import validate\nvalidate(ANSWERS)\n"
        "print([name for name in ('boto3', 'botocore', 'pydantic') if name in sys.modules])"
    )
    path = f"import sys; sys.path[:0] = {[p for p in sys.path if p]!r}\n"
    found = subprocess.run(
        [sys.executable, "-c", path + program], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == "[]"
