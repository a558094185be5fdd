"""Who may ask: host names, origins, tokens; and what happens when mllab itself is at fault."""

import asyncio
from types import SimpleNamespace

import httpx
import pytest

from mllab.errors import Unavailable
from mllab.faces.server.desk import Desk
from mllab.faces.server.errors import Teller
from mllab.faces.server.guard import Guard
from mllab.faces.server.rules import Hosts, is_loopback
from mllab.faces.server.threads import Threads
from mllab.lab import Lab
from tests.faces.server.asking import JSON, MODEL, PREDICT, is_problem, is_v2_error

STATUS = "/api/v1/status"


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "localhost:8610", "[::1]:1"])
def test_our_names_are_served_with_any_port(caller, name):
    assert caller.get(STATUS, headers={"Host": name}).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.0.1",
        "localhost:",
        "",
        "a b",
        "[::2]",
    ],
)
def test_a_foreign_name_is_not_served(caller, name):
    assert is_problem(caller.get(STATUS, headers={"Host": name}), 400, "foreign-host")


def test_every_path_checks_the_host(caller):
    for path in ("/docs", "/openapi.json", "/nothing", PREDICT):
        assert is_problem(caller.get(path, headers={"Host": "evil.example"}), 400, "foreign-host")


def test_a_request_without_a_host_is_refused(wire):
    connection = wire()
    connection.send(b"GET /api/v1/status HTTP/1.0\r\n\r\n")
    assert connection.status() == 400


def test_a_request_with_two_hosts_is_refused(wire):
    connection = wire()
    connection.send(b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n")
    assert connection.status() == 400


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "http://localhost.evil.example"]
)
def test_a_foreign_origin_may_not_ask(caller, row, origin):
    answer = caller.post(PREDICT, json={"rows": [row]}, headers={"Origin": origin})
    assert is_problem(answer, 403, "cross-site")


def test_our_own_origin_may_ask(caller, host, row):
    assert caller.post(PREDICT, json={"rows": [row]}, headers={"Origin": host.url}).status_code == 200


def test_a_cross_site_request_is_refused(caller):
    assert is_problem(caller.get(STATUS, headers={"Sec-Fetch-Site": "cross-site"}), 403, "cross-site")
    assert caller.get(STATUS, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert caller.get(STATUS, headers={"Sec-Fetch-Site": "none"}).status_code == 200


def test_no_other_origin_is_ever_allowed_to_read(caller):
    answer = caller.options(PREDICT)
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("query", ["token=x", "access_token=x", "TOKEN=", "a=1&token=x"])
def test_a_token_in_the_address_is_refused(owner, query):
    assert is_problem(owner.get(f"{STATUS}?{query}"), 401, "unauthorized")


def test_the_lab_s_token_in_the_address_is_refused_under_any_name(owner, token):
    assert is_problem(owner.get(STATUS, params={"x": token}), 401, "unauthorized")


@pytest.mark.parametrize("given", ["", "Bearer", "Basic c2VjcmV0", "secret", "Bearer secre", "Bearer secrets"])
def test_beyond_this_machine_every_route_needs_the_token(host, serve, given):
    url = serve(host.lab, host="0.0.0.0", token="secret")
    headers = {"Authorization": given} if given else {}
    with httpx.Client(base_url=url, headers=headers) as client:
        for path in (STATUS, "/docs", "/openapi.json", "/nothing"):
            answer = client.get(path)
            assert is_problem(answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert is_v2_error(client.get("/v2/health/live"), 401)


def test_beyond_this_machine_the_token_opens(host, serve, row):
    url = serve(host.lab, host="0.0.0.0", token="secret")
    with httpx.Client(base_url=url, headers={"Authorization": "bearer secret"}) as client:
        assert client.get(STATUS).status_code == 200
        assert client.post(PREDICT, json={"rows": [row]}).status_code == 200


def test_without_a_token_nothing_opens(host, serve):
    url = serve(host.lab, token="")
    answer = httpx.post(f"{url}/api/v1/commands/release", json={"model": MODEL}, headers={"Authorization": "Bearer"})
    assert is_problem(answer, 401, "unauthorized")


def test_bound_to_every_interface_plain_addresses_are_hosts_but_names_are_not():
    hosts = Hosts("0.0.0.0")
    assert b"192.168.0.7:8610" in hosts
    assert b"[fe80::1]:8610" in hosts
    assert b"evil.example" not in hosts


def test_bound_to_one_address_that_address_is_a_host():
    assert b"192.168.0.7:8610" in Hosts("192.168.0.7")
    assert b"192.168.0.8" not in Hosts("192.168.0.7")
    assert b"[2001:db8::1]" in Hosts("2001:db8::1")


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("example", False),
        ("", False),
    ],
)
def test_only_loopback_is_this_machine_alone(host, found):
    assert is_loopback(host) is found


def test_a_fault_of_ours_is_a_problem_that_tells_no_details(serve, tmp_path):
    gone = Lab(SimpleNamespace(folder=tmp_path))
    with httpx.Client(base_url=serve(gone)) as client:
        assert is_problem(client.get(STATUS), 500, "internal")
        assert is_problem(client.post(PREDICT, json={"rows": [{}]}), 500, "internal")
        assert is_v2_error(client.get("/v2/health/ready"), 500)


def test_the_folder_of_the_lab_is_not_told(tmp_path):
    error = Unavailable(f"{tmp_path}/.mllab/lab.db cannot be read")
    _, _, body = Teller(str(tmp_path))(error, {"path": STATUS, "raw_path": STATUS.encode()})
    assert str(tmp_path).encode() not in body
    assert b".mllab/lab.db cannot be read" in body


def test_a_server_that_is_closing_asks_to_come_back(host):
    async def ask() -> httpx.Response:
        desk = Desk(host.lab)
        desk.closing.set()
        guard = Guard(None, teller=Teller("x"), desk=desk, token="secret", host="127.0.0.1")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url="http://localhost") as client:
            return await client.get(STATUS)

    answer = asyncio.run(ask())
    assert is_problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "1"


def test_too_many_waiting_calls_are_turned_away():
    async def crowd() -> list:
        threads, opened = Threads(n_threads=1, most_waiting=2), asyncio.Event()
        loop = asyncio.get_running_loop()
        hold = asyncio.run_coroutine_threadsafe
        waiting = [asyncio.ensure_future(threads.run(lambda: hold(opened.wait(), loop).result())) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await threads.run(int)
        opened.set()
        return await asyncio.gather(*waiting)

    assert asyncio.run(crowd()) == [True, True]


def test_a_body_that_comes_too_slowly_is_given_up(host, serve, wire):
    connection = wire(serve(host.lab, body_seconds=0.3))
    connection.send(f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode())
    connection.send(b"Content-Length: 100\r\n\r\n", b'{"rows"')
    rest = connection.rest()
    assert rest.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in rest
    assert b"urn:mllab:problem:slow-body" in rest


def test_nothing_names_the_make_of_the_server(caller):
    answer = caller.post(PREDICT, content=b"{}", headers=JSON)
    assert "server" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
