"""`mllab import mlflow` and `mllab export mlflow`."""

from collections.abc import Callable
from pathlib import Path

from mllab.lab import Lab
from tests.workflows.test_moving_mlflow import mlruns


def test_runs_of_mlflow_come_over_and_go_back(mllab: Callable, tmp_path: Path) -> None:
    folder = mlruns(tmp_path / "mlruns")
    (folder / "5" / "link").symlink_to(tmp_path)
    (tmp_path / "mllab.toml").write_text("[source.x]\n")
    found = mllab("import", "mlflow", folder, "--json").json
    assert (found["n_runs"], found["n_points"], found["n_versions"]) == (2, 4, 1)
    again = mllab("import", "mlflow", folder)
    assert again.code == 0 and "0 runs with something new, 2 with nothing" in again.out
    out = mllab("export", "mlflow", tmp_path / "out")
    assert out.code == 0 and "exported: 2 runs in 1 experiments" in out.out and "migrate-filestore" in out.out
    assert mllab("export", "mlflow", tmp_path / "out").code != 0


def test_what_is_left_out_is_said_without_control_characters(mllab: Callable, tmp_path: Path) -> None:
    folder = mlruns(tmp_path / "mlruns")
    next(folder.glob("5/0a*/metrics/loss")).write_text("no point\n")
    (next(folder.glob("5/0a*/tags")) / "bad\x1b[31mkey").write_text("x")
    (tmp_path / "mllab.toml").write_text("[source.x]\n")
    said = mllab("import", "mlflow", folder)
    assert said.code == 0 and said.out.count("left out: ") == 2 and "\x1b" not in said.out


def test_a_place_that_is_no_store_is_an_error_with_a_hint(mllab: Callable, tmp_path: Path) -> None:
    (tmp_path / "mllab.toml").write_text("[source.x]\n")
    said = mllab("import", "mlflow", tmp_path / "nothing")
    assert said.code != 0 and "there is no" in said.err and "hint" in said.err


def test_a_lab_that_took_its_own_export_in_exports_its_versions_again(own: Path, tmp_path: Path) -> None:
    with Lab.host(own) as lab:
        first = lab.export_mlflow(tmp_path / "first")
        lab.import_mlflow(tmp_path / "first")
        again = lab.export_mlflow(tmp_path / "again")
    assert first.n_versions == 1 and first.n_logged_models == 1
    assert (again.n_versions, again.n_logged_models, again.notes) == (1, 1, first.notes)
