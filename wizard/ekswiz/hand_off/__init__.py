"""What somebody with more rights has to do, as one file to read and one to run.

The script makes exactly the objects of the plan, with the tags that say whose they are, so that the next plan finds
them as its own and `ekswiz resume` goes on with what is left. It may be run again at any time: each step looks first.
"""

from __future__ import annotations

from ekswiz.hand_off.write import hand_off

__all__ = ["hand_off"]
