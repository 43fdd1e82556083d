"""The LocalStack tier and any other endpoint, as the world takes it: what is looked at before, the backend, its rows.

What the endpoint has (of IAM and EC2) keeps the objects; ECR, EKS and STS stay embedded, for they judge. All of it is
behind the same gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ekswiz.answers import Answers
from ekswiz.errors import RehearsalError
from ekswiz.target import Flag
from ekswiz.tiers import Tiers
from ekswiz_sim.aws.endpoint import address, container
from ekswiz_sim.aws.endpoint.backend import EndpointBackend
from ekswiz_sim.aws.endpoint.wire import UNAVAILABLE, Wire
from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.seams import ServiceError

PROBES: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "iam": ("GetPolicy", {"PolicyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"}),
    "ec2": ("DescribeVpcs", {}),
}
"""Service -> a call that an emulator answers with which a world can live: an IAM that knows AWS's own policies."""
WORDS: Mapping[str, str] = {"iam": "IAM", "ec2": "EC2"}
OTHER = "Another emulator is named by its address: --aws-endpoint URL."


def check(tiers: Tiers) -> Tiers:
    """See that there is an endpoint, or that one can be started; the tiers with the address that was found.

    Raises:
        RehearsalError: There is none; says how to get one.
        InputError: The address is AWS's own.
    """
    url = tiers.aws_endpoint
    if tiers.aws == "endpoint":
        address.refuse_aws(url, "--aws-endpoint")
        if not address.answers(url):
            raise RehearsalError(f"nothing answers at {url}.", "Start the emulator, or correct --aws-endpoint.")
        return tiers
    found = url or address.localstack_url()
    address.refuse_aws(found, "--aws-endpoint")
    if address.health(found) is not None:
        return replace(tiers, aws_endpoint=found)
    if address.answers(found):
        raise RehearsalError(f"what answers at {found} is no LocalStack: it has no {address.HEALTH}.", OTHER)
    named = "--aws-endpoint" if url else address.named()
    if named:
        raise RehearsalError(f"no LocalStack answers at {found} ({named}).", "Start it: localstack start.")
    container.check()
    return tiers


def backend(tiers: Tiers, answers: Answers, home: Path, stop: Flag) -> MotoBackend:
    """The backend over the endpoint; LocalStack's container is started if none is up.

    Raises:
        RehearsalError: It does not serve, has neither IAM nor EC2, is another account, or holds what must be made.
        Stopped: The stop came while LocalStack started; nothing is left then.
    """
    url = tiers.aws_endpoint or container.start(home, stop, keep=tiers.keep, mount_socket=tiers.mount_socket)
    wire = Wire(url, answers.account, answers.region)
    try:
        served = _served(wire, address.health(url), needs_ec2=answers.create_cluster)
        if "iam" in served:
            _same_account(wire)
        made = EndpointBackend(wire, served, home)
        _refuse_taken(made)
    except ServiceError as error:
        wire.close()
        detail = f"the AWS endpoint {url} did not answer as one: {error.code} {error.message}".rstrip(". ")
        raise RehearsalError(f"{detail}.", "Look at its log, or rehearse with --aws embedded.") from error
    except BaseException:
        wire.close()
        raise
    return made


def rows(tiers: Tiers, held: MotoBackend) -> Iterator[Mapping[str, str]]:
    """The AWS rows: who keeps which service's objects."""
    if not isinstance(held, EndpointBackend):
        return
    found = address.health(held.wire.url)
    name = found.name if found else "endpoint"
    served = [WORDS[one] for one in sorted(held.served, reverse=True)]
    own = [WORDS[one] for one in sorted(set(WORDS) - held.served, reverse=True)]
    flag = "--aws localstack" if tiers.aws == "localstack" else "--aws-endpoint"
    yield {
        "part": "AWS",
        "chosen": f"{name} + gate",
        "real": f"{' and '.join(served)} objects are kept there; trust and permissions are judged by the gate",
        "why": f"{flag}: {held.wire.url}",
    }
    yield {
        "part": "AWS, the rest",
        "chosen": "embedded + gate",
        "real": f"{', '.join([*own, 'STS', 'ECR'])} and EKS are embedded",
        "why": "the endpoint lacks them, or does not judge",
    }


def _served(wire: Wire, found: address.Health | None, *, needs_ec2: bool) -> frozenset[str]:
    """The services that the endpoint really has.

    A health document is believed for EC2 where no network is made: the call alone makes LocalStack load it for ten
    seconds.
    """
    listed = [one for one in PROBES if found is None or one in found.services]
    served = frozenset(
        one for one in listed if (one == "ec2" and found is not None and not needs_ec2) or _has(wire, one)
    )
    if not served:
        detail = f"the AWS endpoint {wire.url} has neither IAM nor EC2."
        raise RehearsalError(detail, "Name another one, or rehearse with --aws embedded.")
    return served


def _has(wire: Wire, service: str) -> bool:
    operation, params = PROBES[service]
    try:
        wire.ask(service, operation, **params)
    except ServiceError as error:
        if error.status == UNAVAILABLE:
            raise
        return False
    return True


def _same_account(wire: Wire) -> None:
    """Refuse an endpoint whose account is another one: no ARN would be right."""
    try:
        account = str(wire.ask("sts", "GetCallerIdentity").get("Account") or "")
    except ServiceError as error:
        if error.status == UNAVAILABLE:
            raise
        return  # it has no STS, and so cannot say
    if account != wire.account:
        detail = f"the AWS endpoint {wire.url} is account {account}, the answers say {wire.account}."
        raise RehearsalError(detail, f"Rehearse with --account {account}.")


def _refuse_taken(held: EndpointBackend) -> None:
    """Refuse an account that has what a world makes first: it belongs to somebody, or to a rehearsal that runs."""
    from ekswiz_sim.parts import NODE_ROLE  # the world imports this room
    from ekswiz_sim.seed import CLUSTER_ROLE, OPERATOR

    if "iam" not in held.served:
        return
    roles = {role.name for role in held.iam.roles.values()}
    taken = [f"user {OPERATOR}"] if OPERATOR in held.iam.users else []
    taken += [f"role {name}" for name in (CLUSTER_ROLE, NODE_ROLE) if name in roles]
    if taken:
        detail = f"account {held.account} at {held.wire.url} has a {taken[0]}, which the rehearsal makes."
        raise RehearsalError(detail, "End the other rehearsal, remove it there, or name another --account.")
