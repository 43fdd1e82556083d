from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest
import trustme

from ekswiz_sim.kubernetes.embedded.kinds import NAMESPACES
from ekswiz_sim.kubernetes.provider import Provider, workloads
from ekswiz_sim.seams import PulledImage, PullError
from unit.kubernetes_api.stand_in import Entries, Gate, Idle, policy_rules


class NoImages:
    async def pull(self, reference: str) -> PulledImage:
        raise PullError("not found")


def provider(root: Path, ca: trustme.CA) -> Provider:
    made = Provider(Gate(), policy_rules, ca=ca, puller=NoImages(), root=root, make_workload=Idle)
    made.entries = Entries()
    return made


def left(root: Path) -> list[Path]:
    return list(root.iterdir())


async def test_a_cluster_comes_and_goes_whole(tmp_path: Path, ca: trustme.CA) -> None:
    # given a cluster
    made = provider(tmp_path, ca)
    endpoint = await made.create("demo")
    assert await made.create("demo") == endpoint == made.endpoint("demo")
    assert endpoint.url.startswith("https://127.0.0.1:")
    store = made.store("demo")
    assert store is not None
    # when it is deleted
    assert "namespaces//default" in (await made.snapshot())["demo"]
    assert "default" in {one["metadata"]["name"] for one in await made.objects("demo", NAMESPACES)}
    await made.delete("demo")
    # then nobody listens, nothing is left, and a second time is no error
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"{endpoint.url}/healthz", ssl=False)
    assert left(tmp_path) == []
    assert made.store("demo") is None
    assert await made.snapshot() == {}
    assert await made.objects("demo", NAMESPACES) == []
    await made.delete("demo")
    with pytest.raises(KeyError):
        made.endpoint("demo")


async def test_close_deletes_every_cluster(tmp_path: Path, ca: trustme.CA) -> None:
    made = provider(tmp_path, ca)
    await asyncio.gather(made.create("demo"), made.create("other"))
    assert sorted(await made.snapshot()) == ["demo", "other"]
    await made.close()
    assert left(tmp_path) == []


async def test_a_cluster_that_cannot_start_leaves_nothing(tmp_path: Path, ca: trustme.CA) -> None:
    stopped = []

    class Broken(Idle):
        async def start(self) -> None:
            raise OSError("no room")

        async def stop(self) -> None:
            stopped.append(True)

    made = Provider(
        Gate(), policy_rules, ca=ca, puller=NoImages(), root=tmp_path, entries=Entries(), make_workload=Broken
    )
    with pytest.raises(OSError, match="no room"):
        await made.create("demo")
    assert stopped == [True]
    assert left(tmp_path) == []
    assert made.store("demo") is None


async def test_what_controllers_make_is_admitted_like_all_else(tmp_path: Path, ca: trustme.CA) -> None:
    # given a guarded namespace and a Deployment that asks for too much
    made = Provider(
        Gate(),
        policy_rules,
        ca=ca,
        puller=NoImages(),
        root=tmp_path,
        entries=Entries(),
        make_workload=lambda store, root: workloads(store, NoImages(), root / "node"),
    )
    await made.create("demo")
    store = made.store("demo")
    assert store is not None
    try:
        from ekswiz_sim.kubernetes.embedded.api.namespaces import identified
        from ekswiz_sim.kubernetes.embedded.kinds import DEPLOYMENTS, EVENTS
        from ekswiz_sim.kubernetes.embedded.objects.defaults import apply_defaults

        old = store.get(NAMESPACES, None, "default")
        assert old is not None
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        store.put(NAMESPACES, {**old, "metadata": {**old["metadata"], "labels": labels}})
        chosen = {"app": "web"}
        template = {"metadata": {"labels": chosen}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
        spec = {"selector": {"matchLabels": chosen}, "template": template}
        events = store.subscribe()
        store.put(DEPLOYMENTS, apply_defaults(identified(DEPLOYMENTS, "web", "default", spec=spec)))
        # when its ReplicaSet makes pods, then the event tells why it cannot
        async with asyncio.timeout(5):
            while (event := await events.get()).kind != EVENTS or event.object["reason"] != "FailedCreate":
                continue
        assert 'violates PodSecurity "restricted:latest"' in event.object["message"]
    finally:
        await made.close()
