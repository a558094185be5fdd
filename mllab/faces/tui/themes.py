"""The shipped themes: dark, light, and the terminal's own colours; and the inks of charts and marks in each.

Meaning is never by colour alone: whatever a colour says, a mark or a word says too.
"""

from textual.theme import Theme

DARK = Theme(
    name="mllab-dark",
    primary="#56b4e9",
    secondary="#7aa2c4",
    accent="#e69f00",
    warning="#f0c34a",
    error="#ff7b72",
    success="#3fc99a",
    foreground="#e6e6e6",
    background="#121212",
    surface="#1a1a1a",
    panel="#262626",
    dark=True,
    variables={"muted": "#9a9a9a", "block-cursor-background": "#264b6b", "block-cursor-foreground": "#ffffff"},
)
LIGHT = Theme(
    name="mllab-light",
    primary="#005f9e",
    secondary="#3a6a8f",
    accent="#8a5100",
    warning="#805300",
    error="#b3261e",
    success="#00704f",
    foreground="#1b1b1b",
    background="#ffffff",
    surface="#f4f4f4",
    panel="#e6e6e6",
    dark=False,
    variables={"muted": "#5f5f5f", "block-cursor-background": "#cfe6f7", "block-cursor-foreground": "#101010"},
)
TERMINAL = Theme(
    name="mllab-terminal",
    ansi=True,
    primary="ansi_blue",
    secondary="ansi_cyan",
    accent="ansi_magenta",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        "muted": "ansi_default",
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "block-cursor-background": "ansi_default",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-text-style": "reverse",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
    },
)
THEMES = (DARK, LIGHT, TERMINAL)
"""In the order in which the theme key goes through them."""
