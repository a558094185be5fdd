"""Models, versions, gates and alias moves as records, and a lab's log that tells of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mllab.lab import Lab
from mllab.records import AliasMove, GateResult, ModelSummary, ModelVersion, RegisteredModel, Task, VersionSummary
from tests.support.runs import a_run

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_gate(**fields: Any) -> GateResult:
    """A passed limit."""
    known = {"metric": "roc_auc", "rule": "min", "passed": True, "observed": 0.8, "limit": 0.6}
    return GateResult(**{**known, "why": "roc_auc is 0.8, at least the limit of 0.6", **fields})


def a_comparison(**fields: Any) -> GateResult:
    """A failed comparison with version 1."""
    known = {"metric": "log_loss", "rule": "no_worse_than", "passed": False, "observed": -0.02, "limit": -0.005}
    more = {"against_version": 1, "difference": -0.01, "n_rows": 500, "why": "log_loss is worse"}
    return GateResult(**{**known, **more, **fields})


def a_version(version: int = 1, *aliases: str, **fields: Any) -> VersionSummary:
    """A version that passed its gates."""
    known = {"status": "registered", "metrics": {"test.roc_auc": 0.7 + version / 100}, "run_id": f"run_{version}"}
    known["training_set"] = "c" * 64
    return VersionSummary(
        version=version, aliases=aliases, **{"created_at": NOON, "gates_passed": True, **known, **fields}
    )


def a_model(*versions: VersionSummary, **fields: Any) -> ModelSummary:
    """The model `churn`."""
    known = {"name": "churn", "task": Task.BINARY, "target": "churned"}
    return ModelSummary(versions=versions, **{**known, **fields})


def made(model: str, one: VersionSummary, *gates: GateResult) -> ModelVersion:
    """A version as it is kept."""
    return ModelVersion(
        model=model,
        version=one.version,
        run_id=one.run_id,
        bundle="b" * 64,
        created_at=one.created_at,
        metrics=one.metrics,
        gates=gates,
        gates_passed=one.gates_passed,
    )


def a_move(version: int, previous: int | None = None, alias: str = "champion", **fields: Any) -> AliasMove:
    """A move by policy."""
    known = {"model": "churn", "moved_at": NOON, "reason": "passed its gates", "by": "policy"}
    return AliasMove(
        move_id=f"move_{alias}_{version}_{previous}", alias=alias, version=version, previous=previous, **known | fields
    )


def write_models(folder: Path, hours: float = 3.5) -> None:
    """A model in a lab's log, no file behind it: version 3 failed a gate, version 2 answers, version 1 did before.

    Args:
        folder: of a lab that nobody holds.
        hours: how long ago all of it happened.
    """
    then = datetime.now(UTC) - timedelta(hours=hours)
    judged = {1: (a_gate(),), 2: (a_gate(observed=0.81),), 3: (a_gate(observed=0.79), a_comparison(against_version=2))}
    with Lab.open(folder) as lab:

        def write(tx: Any) -> None:
            model = RegisteredModel(name="churn", task=Task.BINARY, target="churned", created_at=then)
            tx.emit("model.registered", "churn", "churn registered", model)
            for number, gates in judged.items():
                run = a_run(f"churn-{number}", run_id=f"run_{number}", training_set=None, config_digest=None)
                tx.name(run.run_id, "run")
                tx.emit("run.started", run.run_id, "started", run)
                passed = all(one.passed for one in gates)
                one = a_version(number, created_at=then, gates_passed=passed)
                tx.emit("version.registered", f"churn@{number}", "registered", made("churn", one, *gates))
            for move in (
                a_move(1, moved_at=then),
                a_move(2, 1, moved_at=then),
                a_move(2, None, "shadow", moved_at=then),
            ):
                tx.emit("alias.moved", "churn", "moved", move)

        lab.workspace.db.write(write)
