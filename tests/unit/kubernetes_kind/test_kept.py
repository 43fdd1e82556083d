from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ekswiz.errors import RehearsalError
from ekswiz_sim import holdings
from ekswiz_sim.kubernetes.embedded.kinds import NAMESPACES
from ekswiz_sim.kubernetes.kind.kept import Kept
from ekswiz_sim.kubernetes.remote.client import Client
from unit.kubernetes_kind.conftest import Books, Ground
from unit.kubernetes_remote.upstream import StandIn

Make = Callable[..., Ground]


async def test_a_kept_cluster_stays_and_the_next_one_finds_it_clean(
    ground_of: Make, books: Books, upstream: StandIn, world_home: Path
) -> None:
    # given a rehearsal that keeps its cluster
    first = ground_of(keep=True)
    await first.provider.create("demo")
    await first.provider.close()
    [name] = books.clusters
    assert name.startswith("ekswiz-kept-")
    assert list(holdings.notes(world_home)) == []
    # and another one that was killed, and left things in it
    client = Client(upstream.admin)
    for path, body in (
        ("/api/v1/namespaces", {"metadata": {"name": "left"}}),
        ("/apis/rbac.authorization.k8s.io/v1/clusterroles", {"metadata": {"name": "left"}, "rules": []}),
    ):
        await client.create(path, body)
    # when the next one starts, then it takes the same one, which is clean
    second = ground_of(keep=True)
    await second.provider.create("demo")
    names = {one["metadata"]["name"] for one in await second.provider.objects("demo", NAMESPACES)}
    assert "left" not in names
    assert (await client.ask("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/left"))[0] == 404
    assert (await client.ask("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin"))[0] == 200
    await second.provider.close()
    await client.close()
    assert [call.split()[:3] for call in books.calls].count(["create", "cluster", name]) == 1
    assert books.clusters == [name]


async def test_two_rehearsals_never_share_one(ground_of: Make, upstream: StandIn, books: Books) -> None:
    first, second = ground_of(keep=True), ground_of(keep=True)
    await first.provider.prepare()
    with pytest.raises(RehearsalError, match="another rehearsal uses the kept cluster"):
        await second.provider.prepare()
    await first.provider.close()
    await second.provider.prepare()
    await second.provider.close()


async def test_a_kept_cluster_that_could_not_be_made_does_not_stay_half_made(ground_of: Make, books: Books) -> None:
    books.told("fail")
    made = ground_of(keep=True)
    with pytest.raises(RehearsalError, match="no room"):
        await made.provider.prepare()
    assert books.clusters == []
    await made.provider.close()


async def test_a_namespace_that_does_not_go_is_named(
    upstream: StandIn, world_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ekswiz_sim.kubernetes.kind import kept

    client = Client(upstream.admin)
    await client.create("/api/v1/namespaces", {"metadata": {"name": "stuck"}})
    namespace = await client.get("/api/v1/namespaces/stuck")
    namespace["spec"]["finalizers"] = ["example.com/never", "kubernetes"]
    await client.ask("PUT", "/api/v1/namespaces/stuck/finalize", namespace)
    await client.close()
    monkeypatch.setattr(kept, "PATIENCE", 0.0)
    claim = Kept.claim("ekswiz-kept-test")
    try:
        with pytest.raises(RehearsalError, match="does not let go of stuck"):
            await claim.clean(upstream.admin)
    finally:
        claim.release()
