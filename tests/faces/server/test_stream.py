"""Events as they come."""

import time

import httpx
import msgspec
import pytest

from mllab.faces.server import ServerThread
from tests.faces.server.asking import MODEL, is_problem

EVENTS = "/api/v1/events"
SSE = {"Accept": "text/event-stream"}


def read(lines, n: int) -> list[dict]:
    """The next events of a stream."""
    found = []
    for line in lines:
        if line.startswith("data: "):
            found.append(msgspec.json.decode(line[6:]))
            if len(found) == n:
                break
    return found


def test_a_stream_begins_behind_the_asked_event_and_goes_on(caller, owner, host):
    last = host.lab.last_seq()
    with httpx.stream("GET", f"{host.url}{EVENTS}?after={last - 2}", headers=SSE, timeout=10) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        assert [event["seq"] for event in read(lines, 2)] == [last - 1, last]
        owner.post("/api/v1/commands/promote", json={"model": MODEL, "version": 1, "alias": "shadow"})
        assert read(lines, 1)[0]["seq"] == last + 1


def test_a_stream_goes_on_where_a_reconnecting_caller_stopped(host):
    headers = SSE | {"Last-Event-ID": "3"}
    with httpx.stream("GET", host.url + EVENTS, headers=headers, timeout=10) as stream:
        assert read(stream.iter_lines(), 1)[0]["seq"] == 4


def test_a_last_event_id_that_is_no_number_is_refused(caller):
    assert is_problem(caller.get(EVENTS, headers=SSE | {"Last-Event-ID": "x"}), 422, "invalid-input")


def test_streams_are_bounded_in_number(host, serve):
    url = serve(host.lab)
    clients = [httpx.Client(base_url=url, headers=SSE, timeout=10) for _ in range(33)]
    streams = [client.stream("GET", EVENTS) for client in clients]
    answers = [stream.__enter__() for stream in streams]
    try:
        assert [answer.status_code for answer in answers].count(200) == 32
        answer = answers[[one.status_code for one in answers].index(503)]
        answer.read()
        assert is_problem(answer, 503, "unavailable")
        assert answer.headers["retry-after"] == "1"
    finally:
        for stream, client in zip(streams, clients, strict=True):
            stream.__exit__(None, None, None)
            client.close()


@pytest.mark.parametrize("n_streams", [1, 5])
def test_streams_end_when_the_server_stops(host, n_streams):
    server = ServerThread(host.lab, host="127.0.0.1", port=0, token="secret")
    url = server.start()
    clients = [httpx.Client(base_url=url, headers=SSE, timeout=10) for _ in range(n_streams)]
    streams = [client.stream("GET", EVENTS) for client in clients]
    lines = [stream.__enter__().iter_lines() for stream in streams]
    assert all(read(one, 1) for one in lines)
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 3
    for one, stream, client in zip(lines, streams, clients, strict=True):
        list(one)
        stream.__exit__(None, None, None)
        client.close()
