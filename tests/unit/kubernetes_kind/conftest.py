"""The kind tier without kind: a command that keeps books in its place, and the embedded API server as its cluster."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import trustme
from aiohttp import web

from ekswiz.tiers import Tiers
from ekswiz_sim import home as homes
from ekswiz_sim.alternatives import Site
from ekswiz_sim.containers.preflight import Facts as EngineFacts
from ekswiz_sim.kubernetes.kind.preflight import Facts
from ekswiz_sim.kubernetes.kind.provider import KindProvider
from ekswiz_sim.kubernetes.remote.admin import Admin
from rehearsal.worlds import sample_answers
from unit.kubernetes_api.stand_in import CLUSTER_ADMIN, Entries, Gate, policy_rules
from unit.kubernetes_remote.upstream import StandIn

KIND = """#!/bin/sh
here={here}
name= file= config=
words="$1 $2"
while [ $# -gt 0 ]; do
  case $1 in --name) name=$2 ;; --kubeconfig) file=$2 ;; --config) config=$2 ;; esac
  shift
done
echo "$words $name HOME=$HOME KUBECONFIG=$KUBECONFIG DOCKER_HOST=$DOCKER_HOST" >> $here/calls
case $words in
  "create cluster")
    touch $here/clusters/$name; cp "$config" $here/config
    [ -f $here/fail ] && {{ cat $here/fail >&2; exit 1; }}
    [ -f $here/hang ] && {{ touch $here/hanging; sleep 600 & wait; }}
    cp $here/kubeconfig "$file" ;;
  "delete cluster") [ -f $here/stuck ] && {{ echo "ERROR: stuck" >&2; exit 1; }}; rm -f $here/clusters/$name ;;
  "get clusters") ls $here/clusters ;;
  "get kubeconfig") cat $here/kubeconfig ;;
  version*) echo "kind v0.33.0 go1.27.2 linux/amd64" ;;
esac
"""
REGISTRY_ANSWER = b"judged"


@dataclass
class Books:
    """What the command in kind's place was asked, and how it answers."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "clusters").mkdir(parents=True)
        command = self.folder / "bin" / "kind"
        command.parent.mkdir()
        command.write_text(KIND.format(here=self.folder))
        command.chmod(0o755)
        self.command = str(command)

    @property
    def clusters(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "clusters").iterdir())

    @property
    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def told(self, what: str, says: str = "ERROR: failed to create cluster: no room\n") -> None:
        """Let it fail (with these words), hang or be stuck from now on."""
        (self.folder / what).write_text(says)

    def serves(self, admin: Admin) -> None:
        """Its clusters are this one."""

        def encoded(data: bytes) -> str:
            return base64.b64encode(data).decode()

        user = {"client-certificate-data": encoded(admin.certificate), "client-key-data": encoded(admin.key)}
        document = {
            "current-context": "kind",
            "contexts": [{"name": "kind", "context": {"cluster": "kind", "user": "kind"}}],
            "clusters": [
                {"name": "kind", "cluster": {"server": admin.url, "certificate-authority-data": encoded(admin.ca_pem)}}
            ],
            "users": [{"name": "kind", "user": user}],
        }
        (self.folder / "kubeconfig").write_text(json.dumps(document))


@dataclass
class Engine:
    """The container engine, as far as the tier asks it: one node on a bridge whose gateway is this machine."""

    gateway: str = "127.0.0.1"
    archives: list[bytes] = field(default_factory=list)
    closed: bool = False

    async def call(self, work: Callable[[Any], Any]) -> Any:
        return work(self)

    def close(self) -> None:
        self.closed = True

    def containers(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        assert filters["label"].startswith("io.x-k8s.kind.cluster=ekswiz-")
        return [{"Id": "node", "NetworkSettings": {"Networks": {"kind": {"Gateway": self.gateway}}}}]

    def put_archive(self, container: str, path: str, archive: bytes) -> None:
        assert (container, path) == ("node", "/")
        self.archives.append(archive)


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path / "books")


@pytest.fixture
def world_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A world's private folder, in a temporary folder of its own."""
    import tempfile

    base = tmp_path / "tmp"
    base.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(base))
    return homes.make()


@pytest.fixture
async def registry() -> AsyncIterator[str]:
    """Something that answers where the world's registry would."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=REGISTRY_ANSWER, headers={"X-Path": request.path})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def upstream(tmp_path: Path, books: Books) -> AsyncIterator[StandIn]:
    made = StandIn(tmp_path)
    await made.start()
    books.serves(made.admin)
    yield made
    await made.stop()


@dataclass
class Ground:
    """A provider on its books."""

    provider: KindProvider
    engine: Engine
    gate: Gate
    authority: trustme.CA


@pytest.fixture
def ground_of(world_home: Path, books: Books, registry: str) -> Callable[..., Ground]:
    """Makes providers."""

    def make(*, keep: bool = False, gateway: str = "127.0.0.1", virtual: bool = False) -> Ground:
        gate, entries, authority, engine = Gate(), Entries(), trustme.CA(), Engine(gateway)
        entries.add("admin", policies=((CLUSTER_ADMIN, ()),))
        tiers = Tiers(images="docker", cluster="kind", keep=keep)
        nobody: Any = None
        site = Site(
            answers=sample_answers(),
            tiers=tiers,
            home=world_home,
            loop=nobody,
            gatekeeper=gate,
            policy_rules=policy_rules,
            authority=authority,
            puller=nobody,
            registry=registry,
            node_login=lambda host: ("AWS", f"password of {host}"),
            stop=threading.Event(),
        )
        facts = EngineFacts("unix:///engine.sock", "29.0.0", "1.52", "amd64", 4, 8 << 30, virtual=virtual)
        provider = KindProvider(site, Facts(books.command, (0, 33, 0), facts), cast("Any", engine), entries)
        return Ground(provider, engine, gate, authority)

    return make
