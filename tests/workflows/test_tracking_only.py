"""A lab without data: runs are logged to it, and data can come later."""

import time

import pytest

from mllab.config import parse_config
from mllab.errors import Conflict, InvalidInput
from mllab.host import Host
from mllab.lab import Lab
from tests.support.labs import customers


def test_runs_are_logged_to_a_lab_without_data(tmp_path):
    Lab.create_empty(tmp_path / "lab")
    with Lab.open(tmp_path / "lab") as lab:
        with lab.start_run("mine", params={"lr": 0.1}) as run:
            run.log_metric("loss", 0.5)
        assert lab.run(run.run_id).status == "finished"
        assert lab.status().models == {}
        assert (lab.sources(), lab.files(), lab.models()) == ([], [], [])
    with pytest.raises(Conflict, match="is a lab already"):
        Lab.create_empty(tmp_path / "lab")


def test_a_file_that_is_dropped_there_waits_and_a_source_can_be_declared(tmp_path):
    folder = Lab.create_empty(tmp_path / "lab")
    with Host(folder, port=0) as host:
        customers(folder / "inbox" / "customers.csv", 50)
        until = time.monotonic() + 20
        while not host.lab.files() and time.monotonic() < until:
            time.sleep(0.05)
        assert host.wait_until_quiet(20)
        assert [one.status for one in host.lab.files()] == ["waiting"]
        host.lab.add_source(customers(tmp_path / "more.csv", 60, seed=3), key=["customer"])
        assert host.wait_until_quiet(30)
        assert [one.name for one in host.lab.sources()] == ["more"]
        assert parse_config(host.lab.config_text()).lab.tracking_only


def test_a_lab_without_a_source_that_does_not_say_so_is_refused():
    with pytest.raises(InvalidInput, match="declares no source") as caught:
        parse_config('[lab]\nname = "x"\n')
    assert "tracking_only = true" in caught.value.hint
