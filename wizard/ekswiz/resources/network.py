"""The network of a new cluster: one VPC, public and private subnets in two or three zones, one NAT gateway.

It is eksctl's picture with sizes that leave room: an eighth of the network for each subnet, public ones first.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network, ip_network
from typing import Any

from ekswiz.answers import Answers
from ekswiz.errors import InputError
from ekswiz.resource import Resource
from ekswiz.resources.availability_zones import availability_zones
from ekswiz.resources.elastic_ip import elastic_ip
from ekswiz.resources.internet_gateway import internet_gateway
from ekswiz.resources.nat_gateway import nat_gateway
from ekswiz.resources.route_table import private_routes, public_routes
from ekswiz.resources.subnet import private_subnet, public_subnet
from ekswiz.resources.vpc import vpc

LEAST_ZONES, MOST_ZONES = 2, 3
FIRST_PRIVATE = 4
"""Of the eight parts: 0-2 public, 4-6 private, so that a third zone moves nobody."""
LARGEST, SMALLEST = 16, 25
"""Prefix lengths of a VPC: EC2's largest, and the smallest whose eighth EC2 takes as a subnet (/28)."""
ROUTED = ("route_table.public", "route_table.private")
"""What nodes need to be there before they can reach AWS."""


def network(answers: Answers) -> list[Resource[Any]]:
    """The network's resources, in the order in which a reader meets them.

    Raises:
        InputError: `vpc_cidr` or `zones` cannot be used.
    """
    parts = carve(answers.vpc_cidr)
    numbers = range(1, _zones(answers) + 1)
    return [
        vpc(answers, _named(answers, "vpc")),
        internet_gateway(answers, _named(answers, "internet")),
        availability_zones(answers),
        *(public_subnet(answers, n, parts[n - 1], _named(answers, f"public{n}")) for n in numbers),
        *(private_subnet(answers, n, parts[FIRST_PRIVATE + n - 1], _named(answers, f"private{n}")) for n in numbers),
        public_routes(answers, public_subnets(answers), _named(answers, "public")),
        elastic_ip(answers, _named(answers, "nat")),
        nat_gateway(answers, _named(answers, "nat")),
        private_routes(answers, private_subnets(answers), _named(answers, "private")),
    ]


def public_subnets(answers: Answers) -> tuple[str, ...]:
    """Addresses of the public subnets; their output `id` is the subnet's id."""
    return tuple(f"subnet.public{number}" for number in range(1, answers.zones + 1))


def private_subnets(answers: Answers) -> tuple[str, ...]:
    """Addresses of the private subnets; their output `id` is the subnet's id."""
    return tuple(f"subnet.private{number}" for number in range(1, answers.zones + 1))


def carve(cidr: str) -> tuple[str, ...]:
    """The eight equal parts of a network.

    Raises:
        InputError: It is no private IPv4 network of a usable size, or its address has bits beyond its prefix.
    """
    try:
        whole = ip_network(cidr)
    except ValueError as error:
        raise InputError("vpc_cidr", f"{cidr!r} is no network: {error}.", "Write e.g. 192.168.0.0/16.") from error
    if not isinstance(whole, IPv4Network) or not whole.is_private:
        raise InputError("vpc_cidr", f"{cidr!r} is no private IPv4 network.", "Write e.g. 192.168.0.0/16.")
    if not LARGEST <= whole.prefixlen <= SMALLEST:
        size = f"/{LARGEST} to /{SMALLEST}"
        raise InputError("vpc_cidr", f"{cidr!r} must be from {size}.", "Write e.g. 192.168.0.0/16.")
    return tuple(str(part) for part in whole.subnets(prefixlen_diff=3))


def _zones(answers: Answers) -> int:
    if not LEAST_ZONES <= answers.zones <= MOST_ZONES:
        raise InputError(
            "zones", f"{answers.zones} must be {LEAST_ZONES} or {MOST_ZONES}: EKS wants at least two.", "Say zones = 2."
        )
    return answers.zones


def _named(answers: Answers, part: str) -> Mapping[str, str]:
    return {"Name": f"ekswiz-{answers.stack}-{part}"}
