"""Command lines beside a change."""

from __future__ import annotations

from ekswiz.plan import Ref
from ekswiz.resources.shell import command


def test_what_only_another_change_will_tell_is_named_in_words() -> None:
    subnets = {"subnetIds": [Ref("subnet.private-a", "id"), "subnet-1"], "name": "platform"}
    line = command("aws", "eks", "create-cluster", "--resources-vpc-config", subnets)
    assert line.endswith("""'{"subnetIds":["<id of subnet.private-a>","subnet-1"],"name":"platform"}'""")
