"""The user's own keys: a small TOML file from action id to key, checked against the registry.

# ~/.config/mllab/keys.toml ($XDG_CONFIG_HOME is respected)
compare = "="
quit = "ctrl+x"
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from textual.keys import _character_to_key

from mllab.faces.tui.actions import BY_ID, SCREENS, Action, actions_of, key_name


def key_file() -> Path:
    """Where the user's keys are looked for."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "mllab" / "keys.toml"


def load_keymap(path: Path | None = None) -> tuple[dict[str, str], str]:
    """The keys of the file, and what is wrong with it.

    Args:
        path: the file; None for the user's.

    Returns:
        Action id to keys in Textual's names, without those that cannot be used; and one sentence, empty where all is
        well. A missing file is well.
    """
    path = path or key_file()
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError) as error:
        return {}, f"{path} is left aside: {error}"
    wrong = [name for name, keys in given.items() if name not in BY_ID or not isinstance(keys, str)]
    keymap = {name: _as_keys(keys) for name, keys in given.items() if name not in wrong}
    clash = find_clash(keymap)
    if clash:
        return {}, f"{path} is left aside: {clash}"
    said = f"{path}: no action is called {', '.join(map(repr, wrong))}; `?` lists keys and names" if wrong else ""
    return keymap, said


def find_clash(keymap: Mapping[str, str]) -> str:
    """Two actions of one screen that would share a key; empty where none do."""
    for screen in SCREENS:
        taken: dict[str, str] = {}
        for action in actions_of(screen):
            for key in keymap[action.id].split(",") if action.id in keymap else action.keys:
                if taken.setdefault(key, action.id) != action.id:
                    return f"`{key}` would mean both {taken[key]} and {action.id} on {screen}"
    return ""


def shown_keys(action: Action, keymap: Mapping[str, str]) -> str:
    """An action's key as people write it."""
    if action.id not in keymap:
        return action.key
    return key_name(keymap[action.id].split(",")[0])


def _as_keys(text: str) -> str:
    return ",".join(
        _character_to_key(one) if len(one) == 1 else one for one in (part.strip() for part in text.split(","))
    )
