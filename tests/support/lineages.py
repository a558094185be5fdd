"""A lab's log of files, views, trainings and answers, drawn by chance; nothing is trained, and the truth is kept beside.

What the lab says of its lineage is held against what the builder remembers.
"""

import hashlib
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec

from mllab.lab import Lab
from mllab.records import (
    AliasMove,
    ConfigVersion,
    DataFile,
    DatasetVersion,
    Deployment,
    FeatureViewVersion,
    FileStatus,
    GitState,
    Label,
    Materialization,
    ModelVersion,
    RegisteredModel,
    Run,
    RunDataset,
    RunStatus,
    Task,
    TrainingSet,
)
from mllab.store.predictions import add_label
from mllab.store.rows import to_micros

SOURCES = ("sales", "stores")
MODELS = ("churn", "price")
_CONFIG = "c" * 64
_COMMITS = tuple(letter * 40 for letter in "ab")


def digest(*parts: object) -> str:
    """A digest that only names a thing."""
    return hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()


class Drawn:
    """Draws a lab's history into an opened lab, and remembers what is true of it."""

    def __init__(self, lab: Lab, seed: int = 0) -> None:
        """Declare nothing but what rows must name."""
        self.lab, self.draw = lab, random.Random(seed)
        self.held: dict[str, dict[str, str]] = {source: {} for source in SOURCES}
        """Source to the files that are in, each with its part."""
        self.files_of: dict[tuple[str, int], frozenset[str]] = {}
        """Dataset version to the files whose rows are in it."""
        self.sets: set[str] = set()
        self.taught: dict[tuple[str, int], list[tuple[str, int]]] = {}
        """Model version to the dataset versions that its run learnt from."""
        self.predictions: dict[str, tuple[str, int]] = {}
        self.looked_up: dict[str, int] = {}
        """Prediction to the version of `sales` in which it looked features up."""
        self.files: list[str] = []
        self._parts: dict[str, list[str]] = {source: [] for source in SOURCES}
        self._n = defaultdict[str, int](int)
        self._kept = 0
        self._write(self._begin)

    def _write(self, wish: Any) -> Any:
        return self.lab.workspace.db.write(wish)

    def _begin(self, tx: Any) -> None:
        config = ConfigVersion(digest=_CONFIG, accepted_at=tx.now, toml_digest=digest("toml"), features_digest=None)
        tx.emit("config.changed", _CONFIG, "declared", config)
        view = FeatureViewVersion(
            view="till",
            version=1,
            digest=digest("till"),
            source="sales",
            declaration={},
            timestamp="at",
            config_digest=_CONFIG,
            created_at=tx.now,
        )
        tx.emit("feature_view.versioned", "till", "versioned", view)
        for name in MODELS:
            model = RegisteredModel(name=name, task=Task.BINARY, target="y", created_at=tx.now)
            tx.emit("model.registered", name, "registered", model)

    # -- data -----------------------------------------------------------------------------------------------------

    def add_file(self, source: str, *, part: str | None = None) -> str:
        """A file is accepted; its part may be the very rows of another one."""
        self._n["file"] += 1
        sha256 = digest("file", self._n["file"])
        self._write(lambda tx: self._accept(tx, source, sha256, part or digest("part", self._n["file"])))
        return sha256

    def _accept(self, tx: Any, source: str, sha256: str, part: str) -> None:
        name = f"{source}_{self._n['file']}.csv"
        file = DataFile(sha256=sha256, name=name, n_bytes=10, received_at=tx.now, source=source)
        tx.emit("datafile.received", sha256, "received", file)
        change = {"sha256": sha256, "status": FileStatus.ACCEPTED, "part_digest": part, "n_rows": 1}
        tx.emit("datafile.accepted", sha256, "accepted", change)
        self.files.append(sha256)
        is_new = part not in self._parts[source]
        self.held[source][sha256] = part
        if is_new:
            self._parts[source].append(part)
            self._version(tx, source)

    def retract(self, source: str, sha256: str) -> None:
        """A file is taken back; its rows stay where another file brought them, too."""

        def take_out(tx: Any) -> None:
            tx.emit("datafile.retracted", sha256, "gone", {"sha256": sha256, "status": FileStatus.RETRACTED})
            part = self.held[source].pop(sha256)
            if part not in self.held[source].values():
                self._parts[source].remove(part)
                self._version(tx, source)

        self._write(take_out)

    def forget(self, source: str, sha256: str) -> None:
        """Some rows of a file are erased: the version without them is told of before the file is."""

        def erase(tx: Any) -> None:
            self._n["part"] += 1
            old, new = self.held[source][sha256], digest("left", self._n["part"])
            with_it = [one for one, part in self.held[source].items() if part == old]
            self.held[source] |= dict.fromkeys(with_it, new)
            self._parts[source][self._parts[source].index(old)] = new
            self._version(tx, source)
            for one in with_it:
                tx.emit("datafile.forgotten", one, "forgotten", {"sha256": one, "part_digest": new})

        self._write(erase)

    def _version(self, tx: Any, source: str) -> None:
        self._n[source] += 1
        parts = tuple(self._parts[source])
        made = DatasetVersion(
            source=source, version=self._n[source], digest=digest(parts), parts=parts, n_rows=1, created_at=tx.now
        )
        tx.emit("dataset.versioned", source, "versioned", made)
        self.files_of[(source, made.version)] = frozenset(self.held[source])

    def keep_view(self) -> None:
        """The view is brought to the newest data, where there are any."""
        version = self._n["sales"]
        if not version:
            return

        def keep(tx: Any) -> None:
            fields = {"digest": digest("till"), "view": "till", "version": 1, "source": "sales", "index": ""}
            counts = {"n_entities": 1, "n_rows": 1, "n_online": 1}
            made = Materialization(**fields, **counts, dataset_version=version, made_at=tx.now)
            tx.emit("materialization.made", "till", "made", made)

        self._write(keep)
        self._kept = version

    # -- models ---------------------------------------------------------------------------------------------------

    def train(self, model: str, *, register: bool = True) -> None:
        """A run learns from the newest data, of one source or both."""
        used = {source: self._n[source] for source in SOURCES if self._n[source] and self.draw.random() < 0.7}
        if not used:
            return
        views = {"till": 1} if "sales" in used and self.draw.random() < 0.5 else {}
        name = digest("set", sorted(used.items()), views)
        self._n["run"] += 1
        run_id = f"run_{self._n['run']:04d}"

        def learn(tx: Any) -> None:
            if name not in self.sets:
                counts = {"n_train": 1, "n_validation": 1, "n_test": 1}
                frozen = TrainingSet(
                    digest=name,
                    model=model,
                    artifact=digest("rows", name),
                    datasets=used,
                    config_digest=_CONFIG,
                    views=views,
                    created_at=tx.now,
                    **counts,
                )
                tx.emit("training_set.frozen", name, "frozen", frozen)
                self.sets.add(name)
            run = self._run(tx, run_id, model, name)
            tx.emit("run.started", run_id, "started", run)
            if register:
                told = [one.source.split("@") for one in run.datasets if one.source]
                version = self._register(tx, model, run_id, name, bool(views))
                self.taught[version] = [*used.items(), *((source, int(number)) for source, number in told)]

        self._write(learn)

    def _run(self, tx: Any, run_id: str, model: str, frozen: str | None) -> Run:
        told = ()
        if frozen is None or self.draw.random() < 0.3:
            source = self.draw.choice(SOURCES)
            own = f"{source}@{self._n[source]}" if self._n[source] else ""
            told = (RunDataset(name="mine", digest="d1", source=own), RunDataset(name="theirs", digest="d2"))
        return Run(
            run_id=run_id,
            name=run_id.removeprefix("run_"),
            experiment=model,
            status=RunStatus.FINISHED,
            model=model,
            training_set=frozen,
            config_digest=_CONFIG,
            git=GitState(commit=self.draw.choice(_COMMITS), is_dirty=True),
            datasets=told,
            started_at=tx.now,
        )

    def _register(self, tx: Any, model: str, run_id: str, frozen: str, has_views: bool) -> tuple[str, int]:
        number = sum(name == model for name, _ in self.taught) + 1
        made = ModelVersion(
            model=model, version=number, run_id=run_id, bundle=digest("b"), created_at=tx.now, training_set=frozen
        )
        tx.emit("version.registered", f"{model}@{number}", "registered", made)
        move = AliasMove(
            move_id=f"{model}{number}",
            model=model,
            alias="champion",
            version=number,
            previous=None,
            moved_at=tx.now,
            reason="new",
            by="policy",
        )
        tx.emit("alias.moved", model, "moved", move)
        tx.emit("deployment.changed", model, "changed", Deployment(model=model, version=number, deployed_at=tx.now))
        self._n[f"looks {model}@{number}"] = int(has_views)
        return model, number

    def answer(self, n: int, *, labels: int = 1) -> None:
        """A version answers; some of its answers get their truth."""
        if not self.taught:
            return
        model, number = self.draw.choice(list(self.taught))
        ids = [f"p_{self._n['prediction'] + at:07d}_1" for at in range(n)]
        self._n["prediction"] += n

        def log(tx: Any) -> None:
            at = to_micros(tx.now)
            rows = [(id, model, number, at, at, "{}", "{}", "1", None) for id in ids]
            tx.many("INSERT INTO predictions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            for id in ids[:labels]:
                add_label(tx, Label(prediction_id=id, label=1, observed_at=tx.now, received_at=tx.now))

        self._write(log)
        for id in ids:
            self.predictions[id] = (model, number)
            if self._kept and self._n[f"looks {model}@{number}"]:
                self.looked_up[id] = self._kept

    def history(self, n: int) -> "Drawn":
        """So many things happen, one after another."""
        for _ in range(n):
            self._happen(self.draw.random(), self.draw.choice(SOURCES))
        return self

    def _happen(self, chance: float, source: str) -> None:
        held = sorted(self.held[source])
        if chance < 0.35 or not self.files:
            twin = self.held[source][self.draw.choice(held)] if held and chance < 0.06 else None
            self.add_file(source, part=twin)
        elif chance < 0.45 and held:
            self.retract(source, self.draw.choice(held))
        elif chance < 0.5 and held:
            self.forget(source, self.draw.choice(held))
        elif chance < 0.6:
            self.keep_view()
        elif chance < 0.8:
            self.train(self.draw.choice(MODELS), register=self.draw.random() < 0.8)
        else:
            self.answer(self.draw.randint(1, 4))

    # -- the truth ------------------------------------------------------------------------------------------------

    def taught_by(self, sha256: str) -> set[str]:
        """The predictions of versions that learnt from a file, by brute force."""
        versions = {
            version for version, used in self.taught.items() if any(sha256 in self.files_of[pair] for pair in used)
        }
        return {id for id, version in self.predictions.items() if version in versions}

    def looked_up_in(self, sha256: str) -> set[str]:
        """The predictions that looked features up in data that held the file."""
        return {id for id, version in self.looked_up.items() if sha256 in self.files_of[("sales", version)]}


def write_large(folder: Path, n_files: int, n_predictions: int) -> None:
    """A long history in a new lab: each file a dataset version, from each tenth a model version, answers of all.

    Args:
        folder: of a declared lab that nobody holds.
        n_files: at least 10.
        n_predictions: spread over all model versions.
    """
    with Lab.open(folder) as lab:
        drawn = Drawn(lab)
        for at in range(n_files):
            drawn.add_file("sales")
            if at % 5 == 4:
                drawn.keep_view()
            if at % 10 == 9:
                drawn.draw.seed(at)
                drawn.train("churn")
        versions = sorted(drawn.taught)
        per = max(1, n_predictions // len(versions))
        for model, number in versions:
            lab.workspace.db.write(lambda tx, m=model, v=number: _many(tx, m, v, per))


def _many(tx: Any, model: str, version: int, n: int) -> None:
    at, features = to_micros(tx.now), msgspec.json.encode({f"f{i}": i / 7 for i in range(10)}).decode()
    rows = ((f"p_{version}_{i}", model, version, at + i, at + i, features, features, "0.5", None) for i in range(n))
    tx.many("INSERT INTO predictions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
