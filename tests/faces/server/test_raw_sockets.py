"""Bytes that are no good HTTP, connections that hang, and many of them."""

import contextlib
import socket
import time

import pytest

from tests.faces.server.asking import INFER, PREDICT

HOST = b"Host: localhost\r\n"
POST = f"POST {PREDICT} HTTP/1.1\r\n".encode() + HOST + b"Content-Type: application/json\r\n"
BODY = b'{"rows": []}'
ALIVE = b"GET /v2/health/live HTTP/1.1\r\n" + HOST

INVALID = {
    "two lengths": POST + b"Content-Length: 12\r\nContent-Length: 12\r\n\r\n" + BODY,
    "two different lengths": POST + b"Content-Length: 12\r\nContent-Length: 2\r\n\r\n" + BODY,
    "a length and chunks": POST + b"Content-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 12\r\n\r\n0\r\n\r\n",
    "unknown transfer coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a chunk that is none": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "a chunk longer than said": POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabcdef\r\n0\r\n\r\n",
    "negative length": POST + b"Content-Length: -1\r\n\r\n",
    "length in words": POST + b"Content-Length: many\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "unknown method": b"FETCH / HTTP/1.1\r\n" + HOST + b"\r\n",
    "tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "folded header": ALIVE + b"X: a\r\n b\r\n\r\n",
    "space before the colon": b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "null byte in a header": ALIVE + b"X: a\0b\r\n\r\n",
    "path that is not ASCII": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
}


@pytest.mark.parametrize("sent", INVALID.values(), ids=INVALID.keys())
def test_what_is_no_valid_http_is_refused_and_hung_up_on(wire, sent):
    connection = wire()
    connection.send(sent)
    rest = connection.rest()
    assert rest.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in rest
    assert rest.count(b"HTTP/1.1 4") == 1


def test_a_chunk_that_is_none_is_refused_in_the_middle_of_a_body_too(wire):
    connection = wire()
    connection.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
    connection.send(b'5\r\n{"row\r\n', b"zz\r\n")
    assert connection.rest().startswith(b"HTTP/1.1 400 ")


def test_a_body_in_chunks_is_read(wire):
    connection = wire()
    connection.send(
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n", BODY[:5], b"\r\n7\r\n", BODY[5:], b"\r\n0\r\n\r\n"
    )
    assert connection.status() == 422


@pytest.mark.parametrize(
    ("n_bytes", "end"), [(40_000, b"\r\n\r\n"), (65_536, b"\r\n\r\n"), (70_000, b""), (1_000_000, b"")]
)
def test_a_head_that_is_too_large_is_refused(wire, n_bytes, end):
    connection = wire()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may hang up while we still talk
        connection.send(ALIVE + b"X: ", b"a" * n_bytes, end)
        assert connection.status() == 431


def test_an_address_that_is_too_long_is_refused_and_not_repeated(wire):
    connection = wire()
    connection.send(b"GET /", b"a" * 50_000, b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    rest = connection.rest()
    assert rest.startswith(b"HTTP/1.1 431 ")
    assert len(rest) < 1000


def test_who_has_said_everything_still_gets_the_answer(wire):
    connection = wire()
    connection.send(POST + b"Content-Length: 12\r\n\r\n" + BODY)
    connection.hang_up_half()
    assert connection.rest().startswith(b"HTTP/1.1 422 ")


def test_who_waits_for_a_thread_with_half_a_connection_still_gets_the_answer(wire):
    connection = wire()
    connection.send(b"GET /api/v1/status HTTP/1.1\r\n" + HOST + b"\r\n")
    connection.hang_up_half()
    assert connection.rest().startswith(b"HTTP/1.1 200 ")


def test_who_hangs_up_within_a_body_gets_nothing(wire):
    connection = wire()
    connection.send(POST + b"Content-Length: 12\r\n\r\n" + BODY[:5])
    connection.hang_up_half()
    assert connection.rest() == b""


def test_a_body_that_is_announced_too_large_is_refused_before_it_comes(wire):
    connection = wire()
    connection.send(POST + b"Expect: 100-continue\r\nContent-Length: 20000000\r\n\r\n")
    assert connection.status() == 413


def test_who_asks_first_is_told_to_go_on(wire):
    connection = wire()
    connection.send(POST + b"Expect: 100-continue\r\nContent-Length: 12\r\nConnection: close\r\n\r\n")
    assert connection.status() == 100
    connection.send(BODY)
    assert b"HTTP/1.1 422 " in connection.rest()


def test_requests_sent_ahead_are_answered_in_order(wire):
    connection = wire()
    connection.send(ALIVE + b"\r\n", POST + b"Content-Length: 12\r\n\r\n" + BODY, ALIVE + b"Connection: close\r\n\r\n")
    rest = connection.rest()
    assert [part[:3] for part in rest.split(b"HTTP/1.1 ")[1:]] == [b"200", b"422", b"200"]


def test_a_wish_for_another_protocol_is_passed_over(wire):
    connection = wire()
    connection.send(ALIVE + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n")
    assert connection.status() == 200


def test_500_silent_connections_do_not_disturb(host, wire, caller):
    silent = [wire() for _ in range(500)]
    assert caller.get("/v2/health/live").status_code == 200
    for connection in silent[::50]:
        connection.send(ALIVE + b"\r\n")
        assert connection.status() == 200


def test_slow_heads_do_not_disturb(wire, caller):
    slow = [wire() for _ in range(50)]
    for connection in slow:
        connection.send(ALIVE + b"X: ")
    assert caller.get("/v2/health/live").status_code == 200


def test_answers_go_out_at_once(host):
    with socket.create_connection(("127.0.0.1", int(host.url.rsplit(":", 1)[1])), timeout=5) as connection:
        took = []
        for _ in range(30):
            began = time.perf_counter()
            connection.sendall(POST.replace(PREDICT.encode(), INFER.encode()) + b"Content-Length: 2\r\n\r\n{}")
            connection.recv(65536)
            took.append(time.perf_counter() - began)
    assert sorted(took)[15] < 0.03
