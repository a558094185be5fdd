"""A run that is logged over HTTP ends with the process that logs it."""

import json
import os
import signal
import subprocess
import sys
import time

from mllab.host import Host
from tests.support.labs import a_lab

CLIENT = """
import http.client, json, sys, time
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
def post(path, body):
    connection.request("POST", "/api/2.0/mlflow/" + path, json.dumps(body), {"Content-Type": "application/json"})
    return json.loads(connection.getresponse().read())
run = post("runs/create", {"experiment_id": "0", "start_time": 1})["run"]["info"]["run_id"]
post("runs/log-metric", {"run_id": run, "key": "loss", "value": 0.5, "timestamp": 1, "step": 0})
print(run, flush=True)
time.sleep(60)
"""


def until(said, seconds: float = 15.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if said():
            return True
        time.sleep(0.05)
    return False


def test_a_client_that_dies_leaves_a_failed_run_with_all_that_it_logged(tmp_path):
    with Host(a_lab(tmp_path / "lab", n=40), port=0) as host:
        port = host.url.rpartition(":")[2]
        client = subprocess.Popen([sys.executable, "-c", CLIENT, port], stdout=subprocess.PIPE, text=True)
        run_id = client.stdout.readline().strip()
        assert until(lambda: "process" in host.lab.run(run_id).environment), "the client's process is known"
        assert host.lab.run(run_id).environment["process"].startswith(f"{client.pid}@")
        assert host.lab.run(run_id).status == "running"
        os.kill(client.pid, signal.SIGKILL)
        client.wait()
        assert until(lambda: host.lab.run(run_id).status != "running")
        found = host.lab.run(run_id)
        assert (found.status, found.error) == ("failed", "the process that logged it died")
        assert found.metrics == {"loss": 0.5}
        client.stdout.close()


def test_a_run_of_a_process_that_lives_goes_on(tmp_path):
    with Host(a_lab(tmp_path / "lab", n=40), port=0) as host:
        import http.client

        connection = http.client.HTTPConnection(host.url.removeprefix("http://"))
        body = json.dumps({"experiment_id": "0", "start_time": 1})
        connection.request("POST", "/api/2.0/mlflow/runs/create", body, {"Content-Type": "application/json"})
        run_id = json.loads(connection.getresponse().read())["run"]["info"]["run_id"]
        assert until(lambda: "process" in host.lab.run(run_id).environment)
        time.sleep(2.5)
        assert host.lab.run(run_id).status == "running"
        connection.close()
