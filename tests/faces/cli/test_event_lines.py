"""One line for each thing that happens; a long progress is a few lines."""

from datetime import UTC, datetime
from typing import Any

from mllab.faces.cli.headless import EventLines
from mllab.records import Event


def an_event(type: str, text: str = "it happened", *, seq: int = 1, **payload: Any) -> Event:
    at = datetime(2013, 1, 1, tzinfo=UTC)
    return Event(seq=seq, at=at, type=type, subject="s", text=text, job_id="job_1", payload=payload)


def a_step(number: int, share: float | None = 0.5) -> Event:
    return an_event("job.progressed", f"round {number}", step="fit", progress_share=share)


def texts(events: list[Event]) -> list[str]:
    lines = EventLines()
    return [line.split("  ")[-1] for event in events for line in lines.lines(event)]


def test_an_event_is_its_time_its_type_and_its_sentence() -> None:
    (line,) = EventLines().lines(an_event("run.finished", "run a finished"))
    assert line.split()[1:] == ["run.finished", "run", "a", "finished"]


def test_a_hundred_rounds_of_training_are_a_handful_of_lines() -> None:
    events = [a_step(number) for number in range(100)] + [an_event("run.finished")]
    assert texts(events) == ["round 0", "round 25", "round 50", "round 75", "round 99", "it happened"]


def test_steps_without_a_share_say_nothing() -> None:
    assert texts([a_step(number, share=None) for number in range(30)]) == []


def test_a_single_progress_is_not_said_twice() -> None:
    assert texts([a_step(0), an_event("run.finished")]) == ["round 0", "it happened"]
