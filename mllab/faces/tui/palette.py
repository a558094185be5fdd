"""The palette: every action of the present screen, every screen, and runs and models by name."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from mllab.errors import LabError
from mllab.faces.text import safe
from mllab.faces.tui.actions import Action, actions_of
from mllab.faces.tui.screens.base import LabScreen

if TYPE_CHECKING:
    from mllab.faces.tui.app import LabApp

_MOST_RUNS = 20


class LabCommands(Provider):
    """What can be found by name."""

    @property
    def _lab_app(self) -> "LabApp":
        return cast("LabApp", self.app)

    def _actions(self) -> list[Action]:
        screen = self.screen
        if not isinstance(screen, LabScreen):
            return []
        return [one for one in actions_of(screen.NAME) if one.id != "palette" and screen.why_not(one.id) is None]

    async def discover(self) -> Hits:
        """Before anything is typed: the actions of this screen."""
        for action in self._actions():
            yield DiscoveryHit(action.help, self._do(action.id), help=f"key {self._lab_app.shown_key(action)}")

    async def search(self, query: str) -> Hits:
        """Actions, models and runs that match what is typed."""
        matcher = self.matcher(query)
        for action in self._actions():
            said = f"{action.text}: {action.help}"
            score = matcher.match(said)
            if score > 0:
                key = f"key {self._lab_app.shown_key(action)}"
                yield Hit(score, matcher.highlight(said), self._do(action.id), help=key)
        for shown, about, go in await asyncio.to_thread(self._objects, query):
            score = matcher.match(shown)
            if score > 0:
                yield Hit(score, matcher.highlight(shown), go, help=about)

    def _do(self, id: str) -> Callable[[], object]:
        return partial(self._lab_app.action_do, id)

    def _objects(self, query: str) -> list[tuple[str, str, Callable[[], object]]]:
        """Models and runs; in a worker thread."""
        lab, app = self._lab_app.lab, self._lab_app
        if lab is None:
            return []
        quoted = '"' + query.replace("\\", "\\\\").replace('"', '\\"') + '"'
        try:
            models = lab.models()
            runs = lab.list_runs(quoted, limit=_MOST_RUNS)
        except LabError:
            return []
        found: list[tuple[str, str, Callable[[], object]]] = []
        found += [(safe(one.name), "model", partial(app.show_model, one.name)) for one in models]
        found += [(safe(one.name), f"run, {one.status.value}", partial(app.show_run, one.run_id)) for one in runs]
        return found
