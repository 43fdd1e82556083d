"""Answers that are IP networks."""

from __future__ import annotations

from ipaddress import IPv4Network

NETWORKS = frozenset({"vpc_cidr", "endpoint_cidrs"})
WIDEST, NARROWEST = 16, 22
"""Prefix lengths of a VPC (EC2 takes 16 to 28) that leave room for six subnets of pods."""
MOST = 40
"""Networks that EKS takes for the public endpoint."""


def breach_of_networks(name: str, value: str) -> str | None:
    """Why the value is refused; None if it is fine."""
    if name == "vpc_cidr":
        network = _network(value)
        if network is None or not network.is_private or not WIDEST <= network.prefixlen <= NARROWEST:
            return f"must be a private network of /{WIDEST} to /{NARROWEST}, e.g. 192.168.0.0/16"
        return None
    given = value.split(",")
    if len(given) > MOST or any(_network(one) is None for one in given):
        return f"must be 1 to {MOST} networks with commas between, no spaces, e.g. 203.0.113.0/24,198.51.100.7/32"
    return None


def _network(text: str) -> IPv4Network | None:
    """The network, if the text is exactly how it is written: no host bits, no leading zeros, no missing length."""
    try:
        network = IPv4Network(text)
    except ValueError:
        return None
    return network if str(network) == text else None
