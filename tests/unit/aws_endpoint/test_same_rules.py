"""The gate's own tests once more, with IAM and EC2 kept by an emulator: nobody can tell from the answers."""

from __future__ import annotations

import unit.gate.test_iam_rules as iam_rules
import unit.gate.test_road as road
import unit.gate.test_web_identity as web_identity
import unit.gate.test_world_use as world_use

for _module in (iam_rules, road, web_identity, world_use):
    globals().update({name: thing for name, thing in vars(_module).items() if name.startswith(("test_", "provided"))})
