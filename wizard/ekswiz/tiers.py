"""Which tier each part of a rehearsal's world has: embedded, from pip alone, unless a flag names a real one.

What is said (`Wish`, flags) becomes what is meant (`Tiers`) by `choose`; what does not fit together is refused there,
before anything starts.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from ekswiz.errors import InputError

Aws = Literal["embedded", "localstack", "endpoint"]
Images = Literal["daemonless", "docker"]
Cluster = Literal["embedded", "kind"]
AWS: tuple[str, ...] = ("embedded", "localstack")
"""What `--aws` takes; the third one is chosen by naming its address."""
IMAGES: tuple[str, ...] = get_args(Images)
CLUSTERS: tuple[str, ...] = get_args(Cluster)


@dataclass(frozen=True, slots=True)
class Tiers:
    """The tier of each part.

    `aws_endpoint` is the address of the endpoint ("" = found by localstack-client's rules, or started). `node_image`
    is kind's node image ("" = kind's own choice). `keep` leaves the kind cluster, and a LocalStack container that was
    started, for the next rehearsal. `mount_socket` gives that container the engine's socket. `base_image` is the build
    argument BASE_IMAGE of every image that Docker builds ("" = the Dockerfile's own).
    """

    aws: Aws = "embedded"
    aws_endpoint: str = ""
    images: Images = "daemonless"
    cluster: Cluster = "embedded"
    node_image: str = ""
    keep: bool = False
    mount_socket: bool = False
    base_image: str = ""

    @property
    def engine(self) -> bool:
        """Whether a container engine is certainly needed. LocalStack may be up already, and then needs none of ours."""
        return self.images == "docker" or self.cluster == "kind"


EMBEDDED = Tiers()
"""The default: nothing but pip, the same on every machine."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What flags said; None is "not said". `full` asks for every real tier that no other flag speaks about."""

    full: bool = False
    aws: str | None = None
    aws_endpoint: str | None = None
    images: str | None = None
    cluster: str | None = None
    node_image: str | None = None
    keep: bool = False
    mount_socket: bool = False
    base_image: str | None = None


def choose(wish: Wish) -> Tiers:
    """The tiers that a user asks for.

    Raises:
        InputError: A value is unknown, an address is no address, or flags contradict each other; names the flag.
    """
    made = Tiers(
        aws=_aws(wish),
        aws_endpoint=_address(wish.aws_endpoint) if wish.aws_endpoint is not None else "",
        images=_one("--images", wish.images, IMAGES, _usual_images(wish)),  # type: ignore[arg-type]  # one of them
        cluster=_one("--kubernetes", wish.cluster, CLUSTERS, "kind" if wish.full else "embedded"),  # type: ignore[arg-type]  # as above
        node_image=wish.node_image or "",
        keep=wish.keep,
        mount_socket=wish.mount_socket,
        base_image=wish.base_image or "",
    )
    _refuse_idle(made)
    return made


def expected(tiers: Tiers) -> Iterator[str]:
    """Sentences on what the real tiers download and how long they take, for who has not had them before."""
    if tiers.aws == "localstack" and not tiers.aws_endpoint:
        yield "LocalStack: one that is up is used; else its image (0.5 GB to download) starts in 10 to 60 seconds."
    if tiers.images == "docker":
        yield "Docker: the base image of your Dockerfile is downloaded once; every RUN runs for real."
    if tiers.cluster == "kind":
        yield "kind: the node image (about 0.4 GB to download) starts in 30 to 120 seconds."


def _aws(wish: Wish) -> Aws:
    if wish.aws == "embedded" and wish.aws_endpoint is not None:
        remedy = "Leave out --aws embedded, or the address."
        raise InputError("--aws-endpoint", "the embedded AWS has no address of yours.", remedy)
    usual = "endpoint" if wish.aws_endpoint is not None else "localstack" if wish.full else "embedded"
    found: Aws = _one("--aws", wish.aws, AWS, usual)  # type: ignore[assignment]  # one of them
    return found


def _usual_images(wish: Wish) -> Images:
    """Pods of kind are real containers, which need an image with its base in it."""
    return "docker" if wish.full or wish.cluster == "kind" else "daemonless"


def _one(flag: str, said: str | None, known: tuple[str, ...], usual: str) -> str:
    if said is not None and said not in known:
        raise InputError(flag, f"{said!a} is no tier.", f"Say {' or '.join(known)}.")
    return said or usual


def _address(said: str) -> str:
    """A URL without path, user or query."""
    try:
        parts = urllib.parse.urlsplit(said.strip())
        port = parts.port
    except ValueError:
        parts, port = urllib.parse.SplitResult("", "", "", "", ""), None
    extras = parts.path.rstrip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or extras or port == 0:
        raise InputError("--aws-endpoint", f"{said!a} is no address.", "For example: http://localhost:4566")
    return f"{parts.scheme}://{parts.netloc}"


def _refuse_idle(made: Tiers) -> None:
    """A flag that nothing would take notice of is a misunderstanding."""
    if made.cluster == "kind" and made.images == "daemonless":
        raise InputError("--images", "kind cannot run daemonless images: their base is not in them.", "Leave it out.")
    if made.node_image and made.cluster != "kind":
        raise InputError("--node-image", "only kind has a node image.", "Add --kubernetes kind.")
    if made.keep and made.cluster != "kind" and made.aws != "localstack":
        raise InputError("--keep", "the embedded tiers are made anew each time.", "Add --kubernetes kind.")
    if made.base_image and made.images != "docker":
        raise InputError("--base-image", "only Docker takes a base image.", "Add --images docker.")
    if made.mount_socket and made.aws != "localstack":
        raise InputError("--mount-socket", "only LocalStack can use the engine's socket.", "Add --aws localstack.")
