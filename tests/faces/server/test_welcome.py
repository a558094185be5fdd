"""What a browser sees that follows a link to the lab."""

import http.client

from mllab.faces.server.welcome import welcome_page
from mllab.host import Host
from tests.support.labs import a_lab


def test_a_browser_is_told_what_this_is_and_where_runs_are_seen(tmp_path):
    with Host(a_lab(tmp_path / "<lab>", n=40), port=0) as host:
        connection = http.client.HTTPConnection(host.url.removeprefix("http://"))
        connection.request("GET", "/", headers={"Accept": "text/html,application/xhtml+xml"})
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
    assert (answer.status, answer.getheader("content-type")) == (200, "text/html; charset=utf-8")
    assert "mllab run show ID" in page
    assert "No model answers yet" in page
    assert "<lab>" not in page
    assert "script" not in page


def test_what_answers_is_named():
    from datetime import UTC, datetime

    from mllab.records import Deployment

    one = Deployment(model="churn", version=3, deployed_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert b"It answers with <b>churn</b> version 3." in welcome_page("lab", [one])
