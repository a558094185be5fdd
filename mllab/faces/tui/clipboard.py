"""Copying over OSC 52, so that it works over SSH; inside tmux also wrapped, so that it reaches the outer terminal."""

import base64
import os


def copy_sequence(text: str, *, in_tmux: bool | None = None) -> str:
    """What to write to the terminal so that it takes a text into its clipboard.

    Args:
        text: what to copy.
        in_tmux: whether tmux lies between; None to look at the environment.

    Returns:
        The escape sequence. Inside tmux it comes twice: plain for tmux itself (`set-clipboard on`), and wrapped to be
        passed through (`allow-passthrough on`).
    """
    plain = f"\x1b]52;c;{base64.b64encode(text.encode('utf-8', 'backslashreplace')).decode()}\a"
    inside = bool(os.environ.get("TMUX")) if in_tmux is None else in_tmux
    if not inside:
        return plain
    doubled = plain.replace("\x1b", "\x1b\x1b")
    return f"{plain}\x1bPtmux;{doubled}\x1b\\"
