"""The server's thread: where it listens, what it counts, how it ends."""

import socket
import threading
import time

import httpx
import msgspec
import pytest

from mllab.errors import InvalidInput, Unavailable
from mllab.faces.server import ServerThread
from mllab.host import Host
from mllab.lab import now
from tests.faces.server.asking import MODEL, PREDICT


def a_server(hosting: Host, **options) -> ServerThread:
    return ServerThread(hosting.lab, **({"host": "127.0.0.1", "port": 0, "token": "secret"} | options))


def test_a_taken_port_is_told_with_what_to_do(host):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"port {port} is taken") as told:
            a_server(host, port=port).start()
    assert "--port" in told.value.hint


@pytest.mark.parametrize("address", ["203.0.113.7", "no.such.host.invalid", "not an address"])
def test_an_address_that_is_not_ours_is_told(host, address):
    with pytest.raises(InvalidInput):
        a_server(host, host=address).start()


def test_requests_and_latencies_are_counted(host, row):
    before = now()
    server = a_server(host)
    with httpx.Client(base_url=server.start()) as client:
        assert server.stats().p50_seconds is None
        for _ in range(3):
            client.post(PREDICT, json={"rows": [row]})
        client.get("/nothing")
    server.stop()
    stats = server.stats()
    assert (stats.n_requests, stats.n_errors, stats.n_refused, stats.n_predictions) == (4, 0, 1, 3)
    assert before <= stats.started_at <= stats.at
    assert 0 < stats.p50_seconds <= stats.p95_seconds <= stats.p99_seconds < 1
    assert {name: one.n_predictions for name, one in stats.models.items()} == {MODEL: 3}


def test_a_request_in_flight_is_finished_and_later_ones_find_nobody(host, wire, row):
    server = a_server(host)
    url = server.start()
    body = msgspec.json.encode({"rows": [row] * 100})
    connection = wire(url)
    head = f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    connection.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode(), body[:1000])
    time.sleep(0.3)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    time.sleep(0.3)
    connection.send(body[1000:])
    assert connection.rest().startswith(b"HTTP/1.1 200 ")
    stopping.join(10)
    assert not stopping.is_alive()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url + "/v2/health/live")


def test_stopping_twice_and_stopping_what_never_ran_is_fine(host):
    server = a_server(host)
    server.stop()
    server.start()
    server.stop()
    server.stop()


def test_a_port_can_be_used_again_at_once(host):
    first = a_server(host)
    port = int(first.start().rsplit(":", 1)[1])
    httpx.get(f"http://127.0.0.1:{port}/v2/health/live")
    first.stop()
    again = a_server(host, port=port)
    again.start()
    assert httpx.get(f"http://127.0.0.1:{port}/v2/health/live").status_code == 200
    again.stop()


def test_an_idle_connection_does_not_hold_up_the_end(host):
    server = a_server(host)
    with httpx.Client(base_url=server.start()) as client:
        client.get("/v2/health/live")
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 2


def test_the_sixth_version_of_the_internet_is_served_or_its_lack_explained(host):
    server = a_server(host, host="::1")
    try:
        url = server.start()
    except InvalidInput as error:
        assert "::1" in error.message
        return
    assert url.startswith("http://[::1]:")
    assert httpx.get(url + "/v2/health/live").status_code == 200
    server.stop()
