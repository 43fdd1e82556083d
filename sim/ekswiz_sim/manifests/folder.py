"""A folder of manifests as kustomize sees it: which files are its resources, and whether they are deployed as they are.

What kustomize would patch, rename or generate is left to kubectl, which does it for real in the deploy job.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ekswiz.answers import Answers
from ekswiz.errors import InputError
from ekswiz_sim.manifests import objects
from ekswiz_sim.manifests.documents import FIX, Document, expanded, read

NAME = "kustomization.yaml"
OTHER_NAMES = ("kustomization.yml", "Kustomization")
GENERATED = {"deployment.yaml": "Deployment", "service.yaml": "Service"}
"""Files that the plan writes where they are absent, and the kind of object in each; it bears the workload's name."""
PLAIN = frozenset(
    {"apiVersion", "kind", "metadata", "resources", "namespace", "labels", "commonLabels", "commonAnnotations"}
    | {"images", "replicas", "sortOptions"}
)
"""Parts of a kustomization that neither rename an object nor change what Pod Security looks at."""


def check(source: Path, answers: Answers) -> None:
    """Refuse manifests that cannot be deployed; a folder that is not there is made by the plan.

    Raises:
        InputError: With file, line and field, or what is missing.
    """
    folder = source / answers.manifests
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError("--manifests", f"{answers.manifests} is not a folder.", "Name the manifests' folder.")
    walk = _Walk(source.resolve(), answers)
    found = [(document, objects.check(document, answers.namespace)) for document in walk.documents(folder)]
    if not walk.plain:
        return
    for document, obj in found:
        objects.secure(document, obj)
    names = [(obj["kind"], str(obj["metadata"].get("name"))) for _, obj in found]
    names += [(kind, answers.workload) for kind in walk.generated]
    for kind in GENERATED.values():
        _named(answers, kind, [name for one, name in names if one == kind])


def _named(answers: Answers, kind: str, names: list[str]) -> None:
    if answers.workload in names:
        return
    there = f"there is {', '.join(names)}" if names else "there is none at all"
    raise InputError(
        "--workload",
        f"no {kind} in {answers.manifests}/{NAME} is named {answers.workload} ({there}).",
        "Name the Deployment and its Service with --workload, or rename them.",
    )


class _Walk:
    """Goes through a kustomization and those that it includes.

    `plain` says whether nothing else changes objects; `generated` are the kinds of the files that the plan will write.
    """

    def __init__(self, root: Path, answers: Answers) -> None:
        self._root = root
        self._top = (root / answers.manifests).resolve()
        self._answers = answers
        self._seen: set[Path] = set()
        self.plain = True
        self.generated: list[str] = []

    def documents(self, folder: Path) -> Iterator[Document]:
        """Every object that the folder deploys."""
        for name in self._resources(folder):
            path = self._inside(folder, name)
            if path in self._seen:
                continue
            self._seen.add(path)
            if path.is_dir():
                yield from self.documents(path)
            elif path.is_file():
                yield from expanded(read(path, self._name(path)))
            elif path.parent == self._top and path.name in GENERATED:
                self.generated.append(GENERATED[path.name])
            else:
                raise InputError(self._name(folder / NAME), f"lists {name}, which is not there.", FIX)

    def _resources(self, folder: Path) -> list[str]:
        for other in OTHER_NAMES:
            if (folder / other).is_file():
                raise InputError(self._name(folder / other), "is not looked for by ekswiz.", f"Rename it to {NAME}.")
        if not (folder / NAME).is_file():
            return list(GENERATED)
        documents = read(folder / NAME, self._name(folder / NAME))
        value: Any = documents[0].value if documents else {}
        if not isinstance(value, dict) or not isinstance(value.get("resources") or [], list):
            raise InputError(self._name(folder / NAME), "is no kustomization with a list of resources.", FIX)
        self.plain = self.plain and value.keys() <= PLAIN
        namespace = value.get("namespace")
        if namespace not in (None, self._answers.namespace):
            why = f"sets namespace {namespace}, and the deployment goes to {self._answers.namespace}"
            raise documents[0].refusal(why, "namespace")
        return [str(name) for name in value.get("resources") or []]

    def _inside(self, folder: Path, name: str) -> Path:
        if "://" in name or name.startswith(("github.com/", "git@")) or "?ref=" in name:
            why = f"includes {name}: a rehearsal contacts nothing but loopback."
            raise InputError(self._name(folder / NAME), why, "Keep a copy of it in the repository.")
        path = (folder / name).resolve()
        if not path.is_relative_to(self._root):
            raise InputError(self._name(folder / NAME), f"includes {name}, which is outside of the repository.", FIX)
        return path

    def _name(self, path: Path) -> str:
        return path.resolve().relative_to(self._root).as_posix()
