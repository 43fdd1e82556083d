"""The state that screens share, by the name that they know it under. It lives in `steps`, for lines use it too."""

from __future__ import annotations

from ekswiz.steps.wizard_state import FILE, Wizard

__all__ = ["FILE", "Wizard"]
