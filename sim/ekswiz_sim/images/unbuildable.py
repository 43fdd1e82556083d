"""What the daemonless builder recognises and cannot do, and which RUN lines it may skip.

A skipped RUN is harmless when it only prepares what the host stands in for: installing packages, users, folders. What
pip would have installed is remembered, so that whoever runs the container can see whether this Python has it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ekswiz_sim.images.dockerfile import Dockerfile, Instruction

HARMLESS = frozenset(
    {
        "addgroup",
        "adduser",
        "apk",
        "apt",
        "apt-get",
        "cd",
        "chmod",
        "chown",
        "dnf",
        "echo",
        "export",
        "find",
        "groupadd",
        "install",
        "ldconfig",
        "mkdir",
        "microdnf",
        "rm",
        "set",
        "touch",
        "true",
        "umask",
        "update-ca-certificates",
        "useradd",
        "usermod",
        "yum",
    }
)
WITH_VALUE = frozenset(
    {
        "-c",
        "--constraint",
        "-i",
        "--index-url",
        "--extra-index-url",
        "-f",
        "--find-links",
        "-t",
        "--target",
        "--timeout",
        "--root-user-action",
        "--trusted-host",
        "--cache-dir",
        "--prefix",
        "--retries",
        "--python",
    }
)
COPY_FLAGS = frozenset({"chown", "chmod", "link"})
REQUIREMENT = re.compile(
    r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?:[<>=!~;@ ].*)?", re.ASCII
)
_SEPARATOR = re.compile(r"&&|\|\||;|\n|(?<!\|)\|(?!\|)")


@dataclass(frozen=True, slots=True)
class Unbuildable:
    """A Dockerfile that is right but beyond this tier: which line, and why."""

    dockerfile: str
    line: int
    instruction: str
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.dockerfile}:{self.line}: {self.instruction}: {self.reason}; "
            "the daemonless builder cannot do this (a container engine can)."
        )


def judge(dockerfile: Dockerfile) -> Unbuildable | None:
    """The first line that this builder cannot do; None if it can do them all."""
    stages = dockerfile.stages()
    for instruction in dockerfile.instructions:
        reason = _reason(instruction, stages)
        if reason:
            return Unbuildable(dockerfile.name, instruction.line, str(instruction).split("\n")[0], reason)
    return None


def _reason(instruction: Instruction, stages: tuple[Instruction, ...]) -> str:
    if instruction.name == "FROM" and instruction is not stages[0]:
        return "this is a multi-stage build"
    if instruction.name == "ONBUILD":
        return "ONBUILD acts in a later build"
    if instruction.name not in {"COPY", "ADD"}:
        return ""
    if "from" in instruction.flags:
        return "it copies from another stage or image"
    if instruction.heredocs:
        return "it writes a here-document"
    unknown = sorted(instruction.flags.keys() - COPY_FLAGS)
    if unknown:
        return f"--{unknown[0]} is not modelled"
    return _remote(instruction) if instruction.name == "ADD" else ""


def _remote(instruction: Instruction) -> str:
    words = instruction.words or tuple(instruction.text.split())
    for word in words[:-1]:
        if re.match(r"(https?|ftp|git|ssh)://|git@", word) or word.endswith(".git"):
            return "it fetches from the network"
        if re.search(r"\.(tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz|zst))$", word):
            return "it unpacks an archive"
    return ""


def matters(run: Instruction) -> str:
    """Why a RUN cannot be skipped without consequence; empty if it can."""
    if run.heredocs:
        return "runs a script"
    commands = [list(run.words)] if run.words else list(_commands(run.text))
    for command in commands:
        if command and not _harmless(command):
            return f"runs '{' '.join(command)[:60]}'"
    return ""


def pip_installs(run: Instruction) -> Iterator[tuple[str, str]]:
    """What pip was to install: ("name", "fastapi") or ("file", "requirements.txt")."""
    for command in [list(run.words)] if run.words else _commands(run.text):
        arguments = _pip(command)
        if arguments is not None:
            yield from _wanted(arguments)


def required(text: str, nested: Callable[[str], str | None]) -> set[str]:
    """Distribution names that a requirements file asks for, without conditions of platform or version.

    Args:
        text: The file.
        nested: Reads a file that this one includes with `-r`; None if it is not there.
    """
    names: set[str] = set()
    for row in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*", "", row).strip()
        if match := re.match(r"(?:-r|--requirement)[ =](\S+)", line):
            names |= required(nested(match[1]) or "", lambda _name: None)
        elif line and not line.startswith("-") and ";" not in line and (match := REQUIREMENT.fullmatch(line)):
            names.add(match[1].lower())
    return names


def _commands(text: str) -> Iterator[list[str]]:
    for part in _SEPARATOR.split(text):
        try:
            yield shlex.split(part)
        except ValueError:
            yield [part.strip()]


def _harmless(command: list[str]) -> bool:
    while command and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*=.*", command[0], re.DOTALL):
        command = command[1:]
    if not command or command[0] in HARMLESS:
        return True
    arguments = _pip(command)
    return arguments is not None and all(kind != "project" for kind, _ in _wanted(arguments))


def _pip(command: list[str]) -> list[str] | None:
    """The arguments of `pip install`, however it is called."""
    text = [word.rpartition("/")[2] if number == 0 else word for number, word in enumerate(command)]
    for prefix in (["pip"], ["pip3"], ["python", "-m", "pip"], ["python3", "-m", "pip"], ["uv", "pip"]):
        if text[: len(prefix)] == prefix:
            rest = [word for word in text[len(prefix) :] if word != "--no-cache-dir"]
            return rest[1:] if rest[:1] == ["install"] else None
    return None


def _wanted(arguments: list[str]) -> Iterator[tuple[str, str]]:
    words = iter(arguments)
    for word in words:
        if word in {"-r", "--requirement"}:
            yield "file", next(words, "")
        elif word.startswith("--requirement="):
            yield "file", word.partition("=")[2]
        elif word in {"-e", "--editable"}:
            yield "project", next(words, "")
        elif word in WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            match = REQUIREMENT.fullmatch(word)
            path = "/" in word or word in {".", ".."} or word.startswith(".")
            yield ("project", word) if path or match is None else ("name", match[1].lower())
