"""`docker tag` and `docker rmi`: names of images come and go."""

from __future__ import annotations

from ekswiz_sim.images.reference import BadReference, Reference, parse
from ekswiz_sim.runner.tools.docker_options import Command, Given, Stop
from ekswiz_sim.runner.tools.docker_store import Held, Store

TAG = Command("tag", "tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]", least=2, most=2)
REMOVE = Command(
    "rmi", "rmi [OPTIONS] IMAGE [IMAGE...]", {"force": "flag", "no-prune": "flag"}, {"f": "force"}, least=1
)


def reference(text: str) -> Reference:
    """A reference, or docker's refusal."""
    try:
        return parse(text)
    except BadReference as error:
        raise Stop(f'Error parsing reference: "{text}" is not a valid repository/tag: {error}') from error


def run_tag(given: Given) -> None:
    """One more name for an image."""
    store, target = Store.of_environment(), reference(given.arguments[1])
    if target.digest:
        raise Stop("refusing to create a tag with a digest reference")
    store.tag(find(store, given.arguments[0]), target)


def find(store: Store, name: str) -> Held:
    """An image of the store, or docker's refusal."""
    try:
        return store.find(name)
    except KeyError as error:
        shown = name if ":" in name or "@" in name else f"{name}:latest"
        raise Stop(f"Error response from daemon: No such image: {shown}") from error


def remove(given: Given) -> None:
    """`docker rmi`."""
    store = Store.of_environment()
    for name in given.arguments:
        try:
            lines = store.untag(name)
        except KeyError as error:
            if given.on("force"):
                continue
            raise Stop(f"Error response from daemon: No such image: {name}") from error
        print("\n".join(lines))  # noqa: T201 - the command's output
