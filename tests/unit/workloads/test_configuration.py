from __future__ import annotations

import base64
import json
import os
from typing import Any

import pytest

from ekswiz_sim.kubernetes.embedded.controllers.objects import condition
from ekswiz_sim.kubernetes.embedded.kinds import CONFIG_MAPS, PODS, SECRETS


async def dumped(cluster: Any, name: str = "a") -> tuple[list[str], str, dict[str, str]]:
    await cluster.until(lambda: cluster.get(PODS, name).get("status", {}).get("phase") in ("Succeeded", "Failed"))
    args, cwd, env = json.loads(await cluster.logs(name))
    return args, cwd, env


async def test_environment_command_and_paths(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-host")
    cluster.put(CONFIG_MAPS, "settings", data={"COLOUR": "green", "odd key": "x"})
    cluster.put(SECRETS, "db", data={"password": base64.b64encode(b"hunter2").decode()})
    env = [
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
        {"name": "ME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "MEGS", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
        {"name": "URL", "value": "db://$(PASSWORD)@$(ME) $$(ME) $(NOPE)"},
        {"name": "NONE", "valueFrom": {"configMapKeyRef": {"name": "absent", "key": "k", "optional": True}}},
    ]
    cluster.pod(
        "a",
        cluster.registry.dump(),
        args=["/app/conf/a.txt", "--file=/app/conf", "/nowhere", "$(COLOUR)"],
        env=env,
        envFrom=[{"configMapRef": {"name": "settings"}}],
        resources={"limits": {"memory": "64Mi"}},
        spec={"restartPolicy": "Never"},
    )

    args, cwd, seen = await dumped(cluster)

    root = cwd.removesuffix("/app")
    assert args == [f"{root}/app/conf/a.txt", f"--file={root}/app/conf", "/nowhere", "green"]
    assert seen["PASSWORD"] == "hunter2"
    assert seen["URL"] == "db://hunter2@a $(ME) $(NOPE)"
    assert (seen["ME"], seen["LABEL"], seen["MEGS"], seen["COLOUR"]) == ("a", "a", "64", "green")
    assert seen["IP"].startswith("127.")
    assert seen["FROM_IMAGE"] == "yes"
    assert (seen["CONF"], seen["PREFIX"]) == (f"{root}/app/conf/a.txt", "/app")
    assert "NONE" not in seen
    assert not [name for name in seen if name.startswith("AWS_")]
    assert seen["HOME"] != os.environ["HOME"]
    assert cluster.get(PODS, "a")["status"]["containerStatuses"][0]["state"]["terminated"]["reason"] == "Completed"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"configMapKeyRef": {"name": "none", "key": "k"}}, 'configmap "none" not found'),
        ({"secretKeyRef": {"name": "none", "key": "k"}}, 'secret "none" not found'),
        ({"configMapKeyRef": {"name": "there", "key": "k"}}, "couldn't find key k in ConfigMap web/there"),
    ],
)
async def test_a_missing_reference_is_a_config_error_until_it_is_there(
    cluster: Any, source: dict[str, Any], message: str
) -> None:
    cluster.put(CONFIG_MAPS, "there", data={"other": "1"})
    env = [{"name": "X", "valueFrom": source}]
    cluster.pod("a", cluster.registry.dump(), env=env, spec={"restartPolicy": "Never"})

    await cluster.until(lambda: cluster.waits_for("a", "CreateContainerConfigError"))
    assert cluster.state("a")["state"]["waiting"]["message"] == message
    assert cluster.messages("Failed") == [f"Error: {message}"]

    cluster.put(SECRETS, "none", data={"k": base64.b64encode(b"v").decode()})
    cluster.put(CONFIG_MAPS, "none", data={"k": "v"})
    cluster.put(CONFIG_MAPS, "there", data={"k": "v"})
    _, _, seen = await dumped(cluster)
    assert seen["X"] == "v"


async def test_volumes_are_directories_below_the_root(cluster: Any) -> None:
    cluster.put(CONFIG_MAPS, "files", data={"a.conf": "text", "b.conf": "other"})
    source = "import os; open(os.environ['OUT'] + '/made', 'w').write(open(os.environ['IN']).read())"
    image = cluster.registry.add("reg.local:5000/copy:1", {"copy.py": source}, Cmd=["python", "/copy.py"])
    reader = "print(open(__import__('sys').argv[1]).read())"
    other = cluster.registry.add(
        "reg.local:5000/read:1", {"read.py": reader}, Cmd=["python", "/read.py", "/shared/made"]
    )
    shared = {"name": "shared", "mountPath": "/shared"}
    env = [{"name": "IN", "value": "/etc/conf/renamed"}, {"name": "OUT", "value": "/shared"}]
    mounts = [{"name": "conf", "mountPath": "/etc/conf"}, shared]
    init = {"name": "copy", "image": image, "env": env, "volumeMounts": mounts}
    items = [{"key": "a.conf", "path": "renamed"}]
    volumes = [{"name": "conf", "configMap": {"name": "files", "items": items}}, {"name": "shared", "emptyDir": {}}]
    spec = {"initContainers": [init], "volumes": volumes, "restartPolicy": "Never"}
    cluster.pod(
        "a",
        other,
        volumeMounts=[shared],
        spec={**spec, "containers": None}
        | {"containers": [{"name": "main", "image": other, "volumeMounts": [shared]}]},
    )

    await cluster.until(lambda: cluster.get(PODS, "a").get("status", {}).get("phase") == "Succeeded")

    assert await cluster.logs("a") == "text\n"
    status = cluster.get(PODS, "a")["status"]
    assert status["initContainerStatuses"][0]["state"]["terminated"]["exitCode"] == 0
    assert status["initContainerStatuses"][0]["ready"] is True


async def test_a_failing_init_container_holds_the_pod(cluster: Any) -> None:
    bad = cluster.registry.add("reg.local:5000/bad:1", {}, Cmd=["python", "-c", "raise SystemExit(4)"])
    init = {"name": "first", "image": bad}
    cluster.pod(
        "a",
        cluster.registry.server("1"),
        spec={"initContainers": [init], "containers": [{"name": "main", "image": cluster.registry.server("1")}]},
    )

    await cluster.until(
        lambda: (
            (cluster.get(PODS, "a").get("status") or {}).get("initContainerStatuses", [{}])[0].get("restartCount", 0)
            >= 1
        )
    )

    status = cluster.get(PODS, "a")["status"]
    assert status["phase"] == "Pending"
    assert status["containerStatuses"][0]["state"]["waiting"]["reason"] == "PodInitializing"
    initialized = condition(cluster.get(PODS, "a"), "Initialized")
    assert initialized is not None
    assert initialized["status"] == "False"
    with pytest.raises(LookupError, match='container "main" in pod "a" is waiting to start: PodInitializing'):
        await cluster.logs("a", container="main")
