"""The program that holds a pod's network and volumes while its containers come and go.

Kubernetes has an image for that; a rehearsal cannot count on being able to download it. The program needs two
instructions, so it is written here as such: wait for a signal, again and again.
Sources: https://refspecs.linuxfoundation.org/elf/elf.pdf, Linux's tables of system calls.
"""

from __future__ import annotations

import io
import json
import struct
import tarfile
from typing import Any

from ekswiz_sim.containers import labels
from ekswiz_sim.containers.engine import EngineError

_BASE = 0x400000
_HEADERS = 64 + 56
_EXECUTABLE, _CURRENT, _LOAD, _READ_EXECUTE = 2, 1, 1, 5
_PAGE = 0x10000
_CODE = {
    # again: mov eax, 34 (pause); syscall; jmp again
    "amd64": (62, bytes.fromhex("b822000000 0f05 ebf7")),
    # again: mov x0..x3, 0; mov x8, 73 (ppoll); svc 0; b again
    "arm64": (
        183,
        struct.pack("<7I", 0xD2800000, 0xD2800001, 0xD2800002, 0xD2800003, 0xD2800928, 0xD4000001, 0x17FFFFFA),
    ),
}
"""By architecture: ELF's number of it, and the program."""
ARCHITECTURES = tuple(_CODE)


def program(architecture: str) -> bytes:
    """A static executable.

    Raises:
        EngineError: The architecture is not known here.
    """
    if architecture not in _CODE:
        raise EngineError(f"pods cannot run on an engine for {architecture}: only on {' and '.join(_CODE)}")
    machine, code = _CODE[architecture]
    size = _HEADERS + len(code)
    identity = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    numbers = (_EXECUTABLE, machine, _CURRENT, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    header = identity + struct.pack("<HHIQQQIHHHHHH", *numbers)
    return header + struct.pack("<IIQQQQQQ", _LOAD, _READ_EXECUTE, 0, _BASE, _BASE, size, size, _PAGE) + code


def image(client: Any, world: str, architecture: str) -> str:
    """Make the image at the engine; its id."""
    files = io.BytesIO()
    with tarfile.open(fileobj=files, mode="w") as archive:
        data = program(architecture)
        entry = tarfile.TarInfo("pause")
        entry.size, entry.mode = len(data), 0o755
        archive.addfile(entry, io.BytesIO(data))
    settings = ['ENTRYPOINT ["/pause"]', *(f"LABEL {name}={value}" for name, value in labels.of(world).items())]
    answer = client.import_image_from_data(files.getvalue(), repository="ekswiz-pause", tag=world, changes=settings)
    return str(json.loads(answer.splitlines()[-1])["status"])
