"""Three themes of our own. Teal and coral stay two colours for people who do not tell red from green.

Contrast of `ekswiz-contrast` is at least 7:1 between text and ground (WCAG 2.2, success criterion 1.4.6).
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="ekswiz",
    primary="#4cc2b4",
    secondary="#b39ddb",
    accent="#7fd1f0",
    foreground="#e4e8ee",
    background="#12161c",
    surface="#1a2029",
    panel="#222a35",
    success="#4cc2b4",
    warning="#e6c35c",
    error="#ff8a75",
    dark=True,
    variables={"footer-key-foreground": "#7fd1f0", "block-cursor-text-style": "bold reverse"},
)
LIGHT = Theme(
    name="ekswiz-light",
    primary="#00695c",
    secondary="#5e35b1",
    accent="#01579b",
    foreground="#1c2128",
    background="#fbfcfd",
    surface="#f0f3f6",
    panel="#e3e8ed",
    success="#00695c",
    warning="#7a5900",
    error="#b3261e",
    dark=False,
    variables={"footer-key-foreground": "#01579b", "block-cursor-text-style": "bold reverse"},
)
CONTRAST = Theme(
    name="ekswiz-contrast",
    primary="#6fe7d8",
    secondary="#d6c4ff",
    accent="#9be4ff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#101010",
    success="#6fe7d8",
    warning="#ffdd66",
    error="#ffb0a3",
    dark=True,
    variables={
        "footer-key-foreground": "#9be4ff",
        "block-cursor-text-style": "bold reverse",
        "text-muted": "#d0d0d0",
        "text-disabled": "#c0c0c0",
    },
)
OURS = (DARK, LIGHT, CONTRAST)
