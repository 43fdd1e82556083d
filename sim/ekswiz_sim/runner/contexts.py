"""The contexts of expressions, and the variables that GitHub's runner sets from them."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ekswiz.workflow.model import Workflow
from ekswiz_sim.runner.event import RunEvent
from ekswiz_sim.runner.request import RunRequest

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where the tools of the system lie; appended to the PATH that the request gives."""

_INHERITED = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
_MACHINES = {"x86_64": "X64", "amd64": "X64", "aarch64": "ARM64", "arm64": "ARM64", "i686": "X86", "armv7l": "ARM"}
_AS_VARIABLES = (
    "actor",
    "actor_id",
    "api_url",
    "base_ref",
    "event_name",
    "event_path",
    "graphql_url",
    "head_ref",
    "job",
    "ref",
    "ref_name",
    "ref_protected",
    "ref_type",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "retention_days",
    "run_attempt",
    "run_id",
    "run_number",
    "server_url",
    "sha",
    "triggering_actor",
    "workflow",
    "workflow_ref",
    "workflow_sha",
    "workspace",
)


@dataclass(frozen=True, slots=True)
class Folders:
    """A job's folders, all below the run's temp: nothing of the user's home is in reach by name."""

    home: Path
    workspace: Path
    temp: Path
    tools: Path
    event: Path

    @classmethod
    def make(cls, root: Path, repository: str) -> Folders:
        """Create a fresh job's folders."""
        made = cls(
            root / "home",
            root / "work" / repository / repository,
            root / "work" / "_temp",
            root / "tools",
            root / "work" / "_temp" / "_github_workflow" / "event.json",
        )
        for folder in (made.home, made.workspace, made.temp, made.tools, made.event.parent):
            folder.mkdir(parents=True, exist_ok=True)
        made.home.chmod(0o700)
        return made


def github_context(
    request: RunRequest, workflow: Workflow, job: str, folders: Folders | None, token: str
) -> dict[str, Any]:
    """`github`. `workflow` is the file that the event started, for a called workflow's jobs too."""
    event, repository = request.event, request.repository
    made: dict[str, Any] = {
        "token": token,
        "job": job,
        **_event(event),
        "repository": repository.full_name,
        "repository_owner": repository.owner,
        "repository_owner_id": repository.owner_id,
        "repository_id": repository.id,
        "repository_visibility": repository.visibility,
        "repositoryUrl": f"git://github.com/{repository.full_name}.git",
        "retention_days": "90",
        "workflow": workflow.name.value if workflow.name else request.workflow,
        "workflow_ref": f"{repository.full_name}/{request.workflow}@{event.ref}",
        "workflow_sha": event.sha,
        "server_url": request.server_url,
        "api_url": request.api_url,
        "graphql_url": f"{request.api_url}/graphql",
        "ref_protected": "false",
    }
    if folders is not None:
        made.update(workspace=str(folders.workspace), event_path=str(folders.event))
    return made


def _event(event: RunEvent) -> dict[str, Any]:
    return {
        "ref": event.ref,
        "ref_name": event.ref_name,
        "ref_type": event.ref_type,
        "sha": event.sha,
        "head_ref": event.head_ref,
        "base_ref": event.base_ref,
        "run_id": event.run_id,
        "run_number": event.run_number,
        "run_attempt": event.run_attempt,
        "actor": event.actor,
        "actor_id": event.actor_id,
        "triggering_actor": event.actor,
        "event_name": event.name,
        "event": dict(event.payload),
        "secret_source": "None" if event.restricted else "Actions",
    }


def runner_context(folders: Folders) -> dict[str, Any]:
    """`runner`."""
    return {
        "name": "ekswiz",
        "os": "macOS" if platform.system() == "Darwin" else platform.system(),
        "arch": _MACHINES.get(platform.machine().lower(), platform.machine().upper()),
        "temp": str(folders.temp),
        "tool_cache": str(folders.tools),
        "environment": "github-hosted",
        "workspace": str(folders.workspace.parent),
    }


def base_environment(given: Mapping[str, str], folders: Folders) -> dict[str, str]:
    """What every process of a job starts with: the request's variables and a home of its own, else next to nothing."""
    made = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    made.update({"LANG": made.get("LANG", "C.UTF-8"), "AWS_EC2_METADATA_DISABLED": "true", **given})
    path = given.get("PATH", "")
    made["PATH"] = f"{path}:{SYSTEM_PATH}" if path else SYSTEM_PATH
    made.update(HOME=str(folders.home), TMPDIR=str(folders.temp), USER="runner", SHELL="/bin/bash")
    return made


def runner_variables(github: Mapping[str, Any], runner: Mapping[str, Any], action: str) -> dict[str, str]:
    """GITHUB_* and RUNNER_*: set last, since a workflow cannot change them."""
    made = {f"GITHUB_{name.upper()}": str(github[name]) for name in _AS_VARIABLES if name in github}
    made.update({f"RUNNER_{name.upper()}": str(value) for name, value in runner.items()})
    made.update(GITHUB_ACTIONS="true", GITHUB_ACTION=action)
    return made
