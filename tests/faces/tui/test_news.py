"""The thread that follows a lab's log: what it tells, and that it lets go of the lab when it is stopped."""

import queue
from pathlib import Path

from mllab.faces.tui.news import Follower, News
from mllab.lab import Lab
from tests.support.runs import begin_run

_PATIENCE_SECONDS = 10.0


def test_what_happens_is_told_with_its_nouns_and_after_the_end_nothing_is(own_lab: Path) -> None:
    told: queue.Queue[News] = queue.Queue()
    with Lab.open(own_lab) as lab:
        follower = Follower(lab, told.put)
        follower.start()
        assert told.get(timeout=_PATIENCE_SECONDS).host == "no host"
        begin_run(lab, "churn-new")
        assert "run" in told.get(timeout=_PATIENCE_SECONDS).nouns
        follower.stop()
        assert not follower._thread.is_alive()
        begin_run(lab, "churn-newer")
    assert told.empty()
