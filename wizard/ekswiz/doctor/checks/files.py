"""The checkout: Dockerfile, manifests, and the workflow file that ekswiz keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ekswiz.deliver import files
from ekswiz.doctor.checks.stack import named
from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, fail, ok, skip, warn
from ekswiz.resources.repository_file import MARK

INSTRUCTION = re.compile(r"^\s*(FROM|USER)\s+(\S+)", re.IGNORECASE | re.MULTILINE)
ROOT = ("root", "0")
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
ENDINGS = (".yaml", ".yml")
LARGEST = 1 << 20


def dockerfile(facts: Facts) -> Finding:
    """The Dockerfile is where the answers say, and its image does not run as root."""
    name = facts.answers().dockerfile
    text = _text(facts.source.checkout / name)
    if text is None and facts.answers().framework != "none":
        return ok(f"no {name} yet: ekswiz apply writes a starting point")
    if text is None:
        return fail(f"there is no {name}", "Write one, name another with --dockerfile, or say --framework.")
    user = ""
    for word, value in INSTRUCTION.findall(text):
        user = "" if word.upper() == "FROM" else value
    who = user.partition(":")[0]
    fix = "Add a numeric one at its end, e.g. USER 10001"
    if who in ("", *ROOT):
        return warn(f"{name} names no USER but root: Pod Security restricted refuses it", fix)
    if not who.isdecimal() and "$" not in who:
        return warn(f"{name} names USER {who}: whether that is root cannot be checked", fix)
    return ok(f"{name}, USER {who}")


def manifests(facts: Facts) -> Finding:
    """There is a kustomization, and a Deployment of the workload's name."""
    answers = facts.answers()
    folder = facts.source.checkout / answers.manifests
    if not folder.is_dir():
        return ok(f"no {answers.manifests} yet: ekswiz apply writes a starting point")
    if not any((folder / name).is_file() for name in KUSTOMIZATIONS):
        return fail(
            f"{answers.manifests} has no kustomization.yaml",
            "Add one that lists the manifests: kustomize create --autodetect",
        )
    found = [str(one.get("metadata", {}).get("name")) for one in _documents(folder) if one.get("kind") == "Deployment"]
    if found and answers.workload not in found:
        return fail(f"Deployments are {named(found)}, not {answers.workload}", f"Say --workload {found[0]}")
    return ok(f"{answers.manifests}, Deployment {answers.workload}")


def workflow(facts: Facts) -> Finding:
    """The workflow files are there and as ekswiz writes them."""
    answers, checkout = facts.answers(), facts.source.checkout
    said = []
    for file in files(answers):
        if file.kind != "workflow":
            continue
        text = _text(checkout / file.path)
        if text is None:
            there = facts.applied()
            return (
                fail(f"there is no {file.path}", "Write it: ekswiz apply")
                if there
                else skip("not made yet: ekswiz apply writes it")
            )
        if not MARK.match(text):
            return fail(f"{file.path} is not ekswiz's", "Move it away, or merge by hand; then: ekswiz apply")
        if text != file.text:
            return warn(
                f"{file.path} differs from what ekswiz writes",
                "See the difference: ekswiz plan. Put it right: ekswiz apply",
            )
        said.append(file.path)
    return ok(named(said))


def _documents(folder: Path) -> Iterator[dict[str, Any]]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    for path in sorted(each for each in folder.iterdir() if each.suffix in ENDINGS):
        try:
            found = list(YAML(typ="safe", pure=True).load_all(_text(path) or ""))
        except YAMLError:
            continue
        yield from (each for each in found if isinstance(each, dict))


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes()[:LARGEST].decode("utf-8", "replace")
    except OSError:
        return None


CHECKS = (
    Examination(
        "dockerfile",
        "Dockerfile",
        "The build job builds from it; an image that runs as root is not admitted.",
        dockerfile,
    ),
    Examination(
        "manifests", "Manifests", "The deploy job applies them, and puts the new image into this Deployment.", manifests
    ),
    Examination(
        "workflow", "Workflow file", "The trust policies name this very file: another one is denied.", workflow
    ),
)
