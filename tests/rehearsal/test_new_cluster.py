"""The whole road with a cluster of its own: made, used, destroyed, and the account is what it was before."""

from __future__ import annotations

import pytest

from ekswiz_sim.scene import Scene
from rehearsal.conftest import Rehearse

pytestmark = pytest.mark.xdist_group("new-cluster")


@pytest.mark.parametrize("compute", ["nodegroup", "auto"])
def test_a_rehearsal_with_a_new_cluster_is_green(rehearse: Rehearse, compute: str) -> None:
    seen: list[Scene] = []
    # given an account without a cluster, when the whole road is rehearsed
    run = rehearse(create_cluster=True, compute=compute, interfere={"push": seen.append})
    # then every stage is green, and nothing is left of the cluster or its network
    assert run.first_red == "none", run.text(run.first_red)
    assert run.stage("empty")["ok"]
    created = {event.address for event in run.events if event.type == "applied"}
    assert {"eks_cluster.main", "vpc.main", "service_role.node", "addon.metrics-server"} <= created
    assert ("nodegroup.main" in created) == (compute == "nodegroup")
    # the cluster was not there before, and took its minutes in no time
    (scene,) = seen
    assert scene.before["eks"] == {}
    made = next(e for e in run.events if e.type == "applied" and e.address == "eks_cluster.main")
    assert made.seconds > 300
