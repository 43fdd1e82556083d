"""Whether the service's container runs, or something stands in for it: judged beforehand, and seen afterwards."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ekswiz.answers import Answers
from ekswiz.errors import InputError
from ekswiz_sim.images.daemonless import Unbuildable, build
from ekswiz_sim.images.runnable import runnable
from ekswiz_sim.kubernetes.embedded import kinds
from ekswiz_sim.kubernetes.embedded.kubelet.standing_in import EVENT

if TYPE_CHECKING:
    from ekswiz_sim.scene import Scene

SENTENCE = "app: stood in"
"""How the sentence begins that says that something stands in."""


def beforehand(checkout: Path, answers: Answers, folder: Path, shown: Path) -> str:
    """Why the image's own command will not run here; empty if it will, as far as the image alone tells.

    A Dockerfile that is yet to be written is not judged.

    The image is built for that in `folder`, which is removed again: whatever is wrong with the Dockerfile is said
    before anything else happens, with `shown` in place of `checkout`.

    Raises:
        InputError: The Dockerfile is not usable; says file and line.
    """
    if not (checkout / answers.dockerfile).is_file():
        return ""
    try:
        made = build(checkout / answers.context, checkout / answers.dockerfile, store=folder)
        if isinstance(made, Unbuildable):
            return str(made)
        document = json.loads(made.manifest)["config"]["digest"]
        config = json.loads(made.blobs[document].read_bytes())["config"]
    except InputError as error:
        error.detail = error.detail.replace(str(checkout), str(shown))
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return runnable(config, present=lambda _path: True)[1]


def seen(scene: Scene) -> list[str]:
    """Sentences on the containers that something stood in for, from the events of the service's namespace."""
    events = scene.world.objects(scene.answers.cluster, kinds.EVENTS, scene.answers.namespace)
    return list(dict.fromkeys(f"{SENTENCE}: {event['message']}" for event in events if event.get("reason") == EVENT))
