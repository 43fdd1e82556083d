"""The whole rehearsal with IAM and EC2 kept by an emulator: the same verdicts, and nothing stays there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ekswiz.tiers import Tiers
from ekswiz_sim import home
from ekswiz_sim.aws.endpoint.wire import Wire
from rehearsal.worlds import Run, rehearsed
from unit.aws_endpoint.emulator import REGION, Emulator, emulated

ACCOUNT = "455566667777"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with emulated() as made:
        yield made


def verdicts(run: Run) -> dict[tuple[str, str], tuple[str, str]]:
    return {key: (cell["expected"], cell["got"]) for key, cell in run.cells(wrong=False).items()}


def kept(emulator: Emulator) -> dict[str, Any]:
    """What the endpoint has in the account."""
    wire = Wire(emulator.url, ACCOUNT, REGION)
    details = wire.ask("iam", "GetAccountAuthorizationDetails", Filter=["User", "Role", "Group", "LocalManagedPolicy"])
    providers = wire.ask("iam", "ListOpenIDConnectProviders")["OpenIDConnectProviderList"]
    vpcs = [vpc["VpcId"] for vpc in wire.ask("ec2", "DescribeVpcs")["Vpcs"] if not vpc["IsDefault"]]
    names = ("UserDetailList", "RoleDetailList", "GroupDetailList", "Policies")
    wire.close()
    return json.loads(json.dumps({**{n: details[n] for n in names}, "p": providers, "v": vpcs}, default=str))  # type: ignore[no-any-return]  # JSON


def test_the_verdict_table_is_the_embedded_one(emulator: Emulator) -> None:
    before = kept(emulator)
    run = rehearsed(tiers=Tiers("endpoint", emulator.url), account=ACCOUNT, region=REGION)
    assert run.first_red == "none", run.why(run.first_red)
    assert run.report["leftovers"] == []
    assert {"CreateRole", "PutRolePolicy", "CreateOpenIDConnectProvider", "DeleteRole"} <= set(emulator.calls)
    assert kept(emulator) == before
    assert verdicts(run) == verdicts(rehearsed())


def test_a_cluster_with_its_network_comes_and_goes(emulator: Emulator) -> None:
    before = kept(emulator)
    road = ("plan", "apply", "settled", "destroy", "empty")
    tiers = Tiers("endpoint", emulator.url)
    run = rehearsed(tiers=tiers, account=ACCOUNT, region=REGION, create_cluster=True, stages=road)
    assert run.first_red == "none", run.why(run.first_red)
    assert {"CreateVpc", "CreateNatGateway", "DeleteVpc"} <= set(emulator.calls)
    assert kept(emulator) == before


KILLED = """
    import sys
    from ekswiz.tiers import Tiers
    from rehearsal.worlds import prepare
    run = prepare(tiers=Tiers("endpoint", sys.argv[1]), account=sys.argv[2], region=sys.argv[3])
    for event in run:
        print(event.address, event.data.get("phase", ""), flush=True)
"""


@pytest.mark.parametrize("moment", ["world", "apply", "push"])
def test_a_killed_rehearsal_is_cleared_by_the_next_start(moment: str, emulator: Emulator, tmp_path: Path) -> None:
    before = kept(emulator)
    paths = os.pathsep.join(path for path in sys.path if path)
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED), emulator.url, ACCOUNT, REGION],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        said = next(line for line in process.stdout if line.startswith(moment))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert said
    assert kept(emulator) != before
    assert home.reap(tmp_path)
    assert kept(emulator) == before
    assert list(tmp_path.glob(f"{home.PREFIX}*")) == []
