"""What the workflow files say: the choices that leave no trace in AWS.

They are read where the stack keeps them: in the checkout, or, where they came by pull request, at GitHub.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ekswiz.errors import InputError
from ekswiz.from_account.found import Found
from ekswiz.paths import CHECK_WORKFLOW_PATH, DEPENDABOT_PATH, WORKFLOW_PATH, workflow_path
from ekswiz.resources.repository_file import MARK

LARGEST = 1_000_000
ROOT = "."
"""The folder of a service that is a repository by itself."""
Json = Mapping[str, Any]


def paths(found: Found) -> tuple[str, ...]:
    """The files to read: those that the roles trust, and what may lie beside them."""
    stack = found.values["stack"]
    checks = [workflow_path(CHECK_WORKFLOW_PATH, stack, folder) for folder in (ROOT, "any")]
    return tuple(dict.fromkeys([found.workflow, found.deploy_workflow, *checks, DEPENDABOT_PATH]))


def read_files(texts: Mapping[str, str], found: Found) -> None:
    """What the files tell; `texts` are by path, without those that are not there."""
    if found.workflow not in texts:
        found.notes.append(f"{found.workflow} was not found: what only it tells has its default.")
        return
    mark = MARK.match(texts[found.workflow])
    if mark is None or mark["stack"] != found.values["stack"]:
        whose = f"of stack {mark['stack']}" if mark else "none that ekswiz wrote"
        found.notes.append(f"{found.workflow} is {whose}: what only it would tell has its default.")
        return
    _read(texts, found)


def _read(texts: Mapping[str, str], found: Found) -> None:
    jobs = _jobs(texts, found.workflow)
    deploying = _jobs(texts, found.deploy_workflow) if found.deploy_workflow in texts else {}
    found.note(_of_deployment(_environment(deploying, "deploy")), found.deploy_workflow)
    found.note(_of_runner(_within(deploying, "deploy")), found.deploy_workflow)
    found.note(_of_build(jobs), found.workflow)
    found.note(_of_test(jobs), found.workflow)
    found.note(_of_paths(_load(texts, found.workflow), found), found.workflow)
    for path, text in texts.items():
        mark = MARK.match(text)
        if "/oidc-check" in path and mark and mark["stack"] == found.values["stack"]:
            found.note({"oidc_check": True}, path)
    if "ekswiz" in texts.get(DEPENDABOT_PATH, "").partition("\n")[0]:
        found.note({"dependabot": True}, DEPENDABOT_PATH)
    found.note(_of_folder(found), f"name of {found.workflow}")


def _of_folder(found: Found) -> dict[str, Any]:
    """A workflow that is named after its stack belongs to a service in a folder: that of its image, at least."""
    if found.workflow == WORKFLOW_PATH:
        return {}
    places = (str(PurePosixPath(str(found.values.get(name, ROOT)))) for name in ("context", "manifests"))
    folder = next((place for place in places if place != ROOT), None)
    return {"folder": folder} if folder else {}


def read_port(texts: Mapping[str, str], found: Found) -> None:
    """The container's port, where a Deployment among the texts has one."""
    for path in texts:
        containers = _within(_load(texts, path), "spec", "template", "spec").get("containers")
        first = containers[0] if isinstance(containers, list) and containers else {}
        ports = first.get("ports") if isinstance(first, Mapping) else None
        one = ports[0] if isinstance(ports, list) and ports else {}
        port = one.get("containerPort") if isinstance(one, Mapping) else None
        if isinstance(port, int):
            found.note({"port": port}, path)


def in_checkout(folder: Path, paths: tuple[str, ...]) -> dict[str, str]:
    """The texts of these files, without those that are not there."""
    found = {}
    for path in paths:
        try:
            found[path] = (folder / path).read_bytes()[:LARGEST].decode("utf-8", "replace")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue
        except OSError as error:
            raise InputError("--source", f"{path} cannot be read: {error.strerror}.", "Make it readable.") from error
    return found


def _load(texts: Mapping[str, str], path: str) -> Json:
    from ruamel.yaml import YAML  # only who asks for it pays
    from ruamel.yaml.error import YAMLError

    try:
        document = YAML(typ="safe", pure=True).load(texts[path])
    except YAMLError as error:
        raise InputError(path, "is not YAML.", "Correct it, or name another --source.") from error
    return document if isinstance(document, Mapping) else {}


def _jobs(texts: Mapping[str, str], path: str) -> Json:
    return _within(_load(texts, path), "jobs")


def _within(document: Any, *names: str) -> Json:
    """The mapping at a path of members; empty where there is none."""
    for name in names:
        document = document.get(name) if isinstance(document, Mapping) else None
    return document if isinstance(document, Mapping) else {}


def _environment(jobs: Json, job: str) -> Json:
    return _within(jobs, job, "env")


def _of_deployment(said: Json) -> dict[str, Any]:
    names = {"namespace": "NAMESPACE", "workload": "WORKLOAD", "manifests": "MANIFESTS"}
    found: dict[str, Any] = {name: str(said[key]) for name, key in names.items() if key in said}
    schemes = {"": "inside", "internal": "internal", "internet-facing": "public"}
    scheme = schemes.get(str(said.get("LOAD_BALANCER", "?")))
    return {**found, **({"expose": scheme} if scheme else {})}


def _of_runner(job: Json) -> dict[str, Any]:
    label = job.get("runs-on")
    return {"deploy_runner": label} if isinstance(label, str) else {}


def _of_build(jobs: Json) -> dict[str, Any]:
    said, build = _environment(jobs, "build"), _within(jobs, "build")
    names = {"context": "BUILD_CONTEXT", "dockerfile": "DOCKERFILE"}
    found: dict[str, Any] = {name: str(said[key]) for name, key in names.items() if key in said}
    runs = [str(step.get("run", "")) for step in _steps(build)]
    arm = str(build.get("runs-on", "")).endswith("-arm")
    return {**found, "platform": "arm64" if arm else "amd64", "provenance": any("--provenance=" in run for run in runs)}


def _of_test(jobs: Json) -> dict[str, Any]:
    commands = [step for step in _steps(_within(jobs, "test")) if "run" in step]
    if not commands:
        return {}
    last = commands[-1]
    folder = last.get("working-directory")
    return {"test_command": str(last["run"]).strip(), **({"folder": str(folder)} if folder else {})}


def _of_paths(workflow: Json, found: Found) -> dict[str, Any]:
    """The service's folder stands first among the patterns, unless it is the repository itself."""
    patterns = _within(workflow, "on", "push").get("paths")
    if not isinstance(patterns, list):
        return {}
    known = {str(PurePosixPath(str(found.values.get(name, ".")))) for name in ("context", "manifests")}
    folders = [str(one).removesuffix("/**") for one in patterns if str(one).endswith("/**")]
    first = folders[0] if folders and folders[0] not in known else None
    return {"path_filter": True, **({"folder": first} if first else {})}


def _steps(job: Json) -> list[Json]:
    steps = job.get("steps")
    return [step for step in steps if isinstance(step, Mapping)] if isinstance(steps, list) else []
