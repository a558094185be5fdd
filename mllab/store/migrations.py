"""The database's schema as a sequence of steps; docs/schema.md is written from it.

A step, once released, is never edited: add another below it.
"""

import re

from sqlite_utils import Database, Migrations

migrations = Migrations("mllab")

_FIRST = """
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, type TEXT NOT NULL, v INTEGER NOT NULL,
    subject TEXT NOT NULL, text TEXT NOT NULL, job_id TEXT, cause_seq INTEGER, payload TEXT NOT NULL
) STRICT;
CREATE INDEX events_type ON events (type, seq);
CREATE TABLE ids (id TEXT PRIMARY KEY, kind TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE configs (
    digest TEXT PRIMARY KEY, accepted_at INTEGER NOT NULL, toml_digest TEXT NOT NULL, features_digest TEXT
) STRICT;
CREATE TABLE sources (name TEXT PRIMARY KEY, raw_schema TEXT, schema TEXT, adopted_at INTEGER) STRICT;
CREATE TABLE datafiles (
    sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, n_bytes INTEGER NOT NULL, received_at INTEGER NOT NULL,
    origin TEXT NOT NULL, source TEXT, status TEXT NOT NULL, code TEXT, reason TEXT, hint TEXT, line INTEGER,
    n_rows INTEGER NOT NULL, n_rejected INTEGER NOT NULL, part_digest TEXT, rejected_digest TEXT, notes TEXT NOT NULL
) STRICT;
CREATE INDEX datafiles_status ON datafiles (status, received_at);
CREATE TABLE datasets (
    source TEXT NOT NULL, version INTEGER NOT NULL, digest TEXT NOT NULL, parts TEXT NOT NULL, n_rows INTEGER NOT NULL,
    created_at INTEGER NOT NULL, PRIMARY KEY (source, version)
) STRICT;
CREATE TABLE training_sets (
    digest TEXT PRIMARY KEY, model TEXT NOT NULL, artifact TEXT NOT NULL, datasets TEXT NOT NULL,
    config_digest TEXT NOT NULL, n_train INTEGER NOT NULL, n_validation INTEGER NOT NULL, n_test INTEGER NOT NULL,
    n_unlabelled INTEGER NOT NULL, notes TEXT NOT NULL, created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY, name TEXT NOT NULL, experiment TEXT NOT NULL, status TEXT NOT NULL, origin TEXT NOT NULL,
    model TEXT, params TEXT NOT NULL, metrics TEXT NOT NULL, tags TEXT NOT NULL, seed INTEGER NOT NULL, job_id TEXT,
    training_set TEXT REFERENCES training_sets (digest), config_digest TEXT, environment TEXT NOT NULL,
    artifacts TEXT NOT NULL, error TEXT, hint TEXT, started_at INTEGER NOT NULL, finished_at INTEGER
) STRICT;
CREATE INDEX runs_started ON runs (started_at);
CREATE INDEX runs_job ON runs (job_id);
CREATE TABLE models (
    name TEXT PRIMARY KEY, task TEXT NOT NULL, target TEXT NOT NULL, created_at INTEGER NOT NULL, held INTEGER NOT NULL,
    held_reason TEXT
) STRICT;
CREATE TABLE versions (
    model TEXT NOT NULL REFERENCES models (name), version INTEGER NOT NULL,
    run_id TEXT NOT NULL REFERENCES runs (run_id), bundle TEXT NOT NULL, created_at INTEGER NOT NULL,
    status TEXT NOT NULL, metrics TEXT NOT NULL, training_set TEXT, gates TEXT NOT NULL, gates_passed INTEGER,
    reason TEXT, PRIMARY KEY (model, version)
) STRICT;
CREATE INDEX versions_run ON versions (run_id);
CREATE TABLE alias_moves (
    move_id TEXT PRIMARY KEY, model TEXT NOT NULL REFERENCES models (name), alias TEXT NOT NULL, version INTEGER,
    previous INTEGER, moved_at INTEGER NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL
) STRICT;
CREATE INDEX alias_moves_model ON alias_moves (model, alias);
CREATE TABLE deployments (
    model TEXT PRIMARY KEY, version INTEGER NOT NULL, alias TEXT NOT NULL, deployed_at INTEGER NOT NULL
) STRICT;
CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY, kind TEXT NOT NULL, lane TEXT NOT NULL, subject TEXT NOT NULL, args TEXT NOT NULL,
    status TEXT NOT NULL, attempts INTEGER NOT NULL, config_digest TEXT, cause_seq INTEGER, step TEXT,
    progress_share REAL, progress_text TEXT, cancel_requested INTEGER NOT NULL, result TEXT, error TEXT, hint TEXT,
    queued_at INTEGER NOT NULL, started_at INTEGER, finished_at INTEGER
) STRICT;
CREATE INDEX jobs_status ON jobs (status, lane);
CREATE TABLE triggers (
    name TEXT PRIMARY KEY, last_fired_at INTEGER, n_fired INTEGER NOT NULL, seen_rows INTEGER NOT NULL,
    paused INTEGER NOT NULL
) STRICT;

CREATE TABLE job_steps (
    job_id TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, output TEXT NOT NULL, finished_at INTEGER NOT NULL,
    PRIMARY KEY (job_id, name, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE metric_keys (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE metric_points (
    run_id TEXT NOT NULL, metric INTEGER NOT NULL REFERENCES metric_keys (id), step INTEGER NOT NULL,
    at INTEGER NOT NULL, value REAL, PRIMARY KEY (run_id, metric, step, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE metric_summary (
    metric INTEGER NOT NULL REFERENCES metric_keys (id), last REAL, first REAL, min REAL, max REAL,
    run_id TEXT NOT NULL, PRIMARY KEY (run_id, metric)
) STRICT, WITHOUT ROWID;
CREATE INDEX metric_summary_last ON metric_summary (metric, last);
CREATE TABLE predictions (
    prediction_id TEXT PRIMARY KEY, model TEXT NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL,
    as_of INTEGER NOT NULL, request TEXT NOT NULL, features TEXT NOT NULL, value TEXT NOT NULL, probabilities TEXT
) STRICT;
CREATE INDEX predictions_model ON predictions (model, as_of);
CREATE TABLE segments (name TEXT PRIMARY KEY, n_bytes INTEGER NOT NULL) STRICT;
CREATE TABLE labels (
    prediction_id TEXT PRIMARY KEY, label TEXT NOT NULL, observed_at INTEGER NOT NULL, received_at INTEGER NOT NULL
) STRICT;
CREATE TABLE online_rows (
    view TEXT NOT NULL, entity BLOB NOT NULL, at INTEGER NOT NULL, hash INTEGER NOT NULL, row BLOB NOT NULL,
    PRIMARY KEY (view, entity, at, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX online_rows_hash ON online_rows (view, hash);
CREATE TABLE online_parts (view TEXT NOT NULL, part TEXT NOT NULL, PRIMARY KEY (view, part)) STRICT, WITHOUT ROWID;
"""


@migrations()
def m001_the_main_loop(db: Database) -> None:
    """Events, state tables, bulk facts of the main loop."""
    for statement in _FIRST.split(";\n"):
        if statement.strip():
            db.execute(statement)


_RUNS_IN_LISTS = """
ALTER TABLE runs ADD COLUMN deleted_at INTEGER;
CREATE INDEX runs_deleted ON runs (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX runs_name ON runs (name COLLATE NOCASE);
CREATE INDEX runs_model ON runs (model, started_at);
CREATE INDEX runs_status ON runs (status, started_at);
CREATE INDEX runs_duration ON runs (finished_at - started_at);

INSERT OR IGNORE INTO metric_keys (name) SELECT DISTINCT m.key FROM runs r, json_each(r.metrics) m;
INSERT OR REPLACE INTO metric_summary (metric, last, first, min, max, run_id)
    SELECT k.id, m.value, iif(s.metric IS NULL, m.value, s.first), iif(s.metric IS NULL, m.value, s.min),
    iif(s.metric IS NULL, m.value, s.max), r.run_id
    FROM runs r, json_each(r.metrics) m JOIN metric_keys k ON k.name = m.key
    LEFT JOIN metric_summary s ON s.run_id = r.run_id AND s.metric = k.id;
INSERT INTO metric_points (run_id, metric, step, at, value)
    SELECT r.run_id, k.id, coalesce((SELECT max(step) FROM metric_points p WHERE p.run_id = r.run_id), 0),
    coalesce(r.finished_at, r.started_at), m.value
    FROM runs r, json_each(r.metrics) m JOIN metric_keys k ON k.name = m.key
    WHERE NOT EXISTS (SELECT 1 FROM metric_points p WHERE p.run_id = r.run_id AND p.metric = k.id);
"""


@migrations()
def m002_runs_in_long_lists(db: Database) -> None:
    """Indexes to sort runs by, the trash, and the final metrics of runs among the metrics that can be searched."""
    for statement in _RUNS_IN_LISTS.split(";\n"):
        if statement.strip():
            db.execute(statement)


_NEWEST_FIRST = """
CREATE INDEX predictions_at ON predictions (at);
CREATE INDEX predictions_model_at ON predictions (model, at);
CREATE INDEX jobs_queued ON jobs (queued_at, job_id);
CREATE INDEX datafiles_received ON datafiles (received_at);
CREATE INDEX events_job ON events (job_id, seq) WHERE job_id IS NOT NULL;
"""


@migrations()
def m003_newest_first(db: Database) -> None:
    """Predictions, jobs and files are listed newest first, and events by job, however many there are."""
    for statement in _NEWEST_FIRST.split(";\n"):
        if statement.strip():
            db.execute(statement)


_DATA_AND_FEATURES = """
ALTER TABLE datafiles ADD COLUMN n_nulled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE datafiles ADD COLUMN contract_version INTEGER;
ALTER TABLE datafiles ADD COLUMN replaced_by TEXT;
ALTER TABLE datafiles ADD COLUMN diff TEXT NOT NULL DEFAULT '[]';
ALTER TABLE datafiles ADD COLUMN newest_at INTEGER;
ALTER TABLE datafiles ADD COLUMN erased_at INTEGER;
ALTER TABLE training_sets ADD COLUMN views TEXT NOT NULL DEFAULT '{}';
ALTER TABLE datasets ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE sources ADD COLUMN contract_version INTEGER NOT NULL DEFAULT 0;
CREATE TABLE contracts (
    source TEXT NOT NULL, version INTEGER NOT NULL, raw_schema TEXT NOT NULL, schema TEXT NOT NULL,
    rules TEXT NOT NULL, digest TEXT NOT NULL, reason TEXT NOT NULL, config_digest TEXT NOT NULL,
    adopted_at INTEGER NOT NULL, PRIMARY KEY (source, version)
) STRICT;
CREATE TABLE profiles (
    source TEXT NOT NULL, version INTEGER NOT NULL, artifact TEXT NOT NULL, n_rows INTEGER NOT NULL,
    n_columns INTEGER NOT NULL, made_at INTEGER NOT NULL, PRIMARY KEY (source, version)
) STRICT;
CREATE TABLE erasures (
    erasure_id TEXT PRIMARY KEY, source TEXT NOT NULL, key_digest TEXT NOT NULL, n_rows INTEGER NOT NULL,
    n_files INTEGER NOT NULL, n_predictions INTEGER NOT NULL, training_sets TEXT NOT NULL, versions TEXT NOT NULL,
    reason TEXT NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE INDEX predictions_version ON predictions (model, version);
CREATE INDEX runs_training_set ON runs (training_set) WHERE training_set IS NOT NULL;
CREATE TABLE feature_views (
    view TEXT NOT NULL, version INTEGER NOT NULL, digest TEXT NOT NULL UNIQUE, source TEXT NOT NULL,
    declaration TEXT NOT NULL, timestamp TEXT NOT NULL, key TEXT NOT NULL, created_timestamp TEXT, code TEXT,
    config_digest TEXT NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (view, version)
) STRICT;
CREATE TABLE materializations (
    digest TEXT PRIMARY KEY, view TEXT NOT NULL, version INTEGER NOT NULL, source TEXT NOT NULL,
    dataset_version INTEGER NOT NULL, "index" TEXT NOT NULL, n_entities INTEGER NOT NULL, n_rows INTEGER NOT NULL,
    n_skipped INTEGER NOT NULL, newest_at INTEGER, online_from INTEGER, n_online INTEGER NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;
DROP TABLE online_parts;
DROP TABLE online_rows;
CREATE TABLE online_views (
    view INTEGER PRIMARY KEY, digest TEXT NOT NULL, online_from INTEGER, is_current INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX online_views_current ON online_views (digest) WHERE is_current = 1;
CREATE TABLE online_rows (
    view INTEGER NOT NULL, entity BLOB NOT NULL, at INTEGER NOT NULL, created INTEGER NOT NULL, hash INTEGER NOT NULL,
    row BLOB NOT NULL, PRIMARY KEY (view, entity, at, created, hash)
) STRICT, WITHOUT ROWID;
"""


@migrations()
def m004_data_and_features(db: Database) -> None:
    """Contracts and profiles by version, files that are taken back, feature views by version, a leaner online store."""
    for statement in _DATA_AND_FEATURES.split(";\n"):
        if statement.strip():
            db.execute(statement)


_TEXT_OF_PARAM = (
    "CASE j.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'null' THEN 'null'"
    " ELSE CAST(j.value AS TEXT) END"
)
_NUMBER_OF_PARAM = (  # clients that know only text send numbers as text
    "CASE WHEN j.type IN ('integer', 'real') THEN j.value WHEN j.type = 'text' AND json_valid(j.value)"
    " AND json_type(j.value) IN ('integer', 'real') THEN CAST(j.value AS REAL) END"
)
_TRACKING = f"""
ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN parent_run_id TEXT;
ALTER TABLE runs ADD COLUMN user TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN git TEXT;
ALTER TABLE runs ADD COLUMN datasets TEXT NOT NULL DEFAULT '[]';
ALTER TABLE runs ADD COLUMN training TEXT;
ALTER TABLE runs ADD COLUMN peak_bytes INTEGER;
ALTER TABLE runs ADD COLUMN purged_at INTEGER;
ALTER TABLE training_sets ADD COLUMN purged_at INTEGER;
CREATE INDEX runs_parent ON runs (parent_run_id) WHERE parent_run_id IS NOT NULL;
CREATE INDEX runs_experiment ON runs (experiment, started_at);
DROP INDEX predictions_version;
CREATE INDEX predictions_version ON predictions (model, version, at);

CREATE TABLE experiments (
    experiment_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL, tags TEXT NOT NULL, deleted_at INTEGER
) STRICT;
CREATE TRIGGER experiments_renamed AFTER UPDATE OF name ON experiments WHEN new.name <> old.name
BEGIN UPDATE runs SET experiment = new.name WHERE experiment = old.name; END;

CREATE TABLE run_params (
    run_id TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, number REAL, started_at INTEGER NOT NULL,
    PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_params_text ON run_params (name, text COLLATE NOCASE, started_at);
CREATE INDEX run_params_number ON run_params (name, number) WHERE number IS NOT NULL;
CREATE TABLE run_tags (
    run_id TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, started_at INTEGER NOT NULL,
    PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_tags_text ON run_tags (name, text COLLATE NOCASE, started_at);
INSERT INTO run_params SELECT r.run_id, j.key, {_TEXT_OF_PARAM}, {_NUMBER_OF_PARAM}, r.started_at
    FROM runs r, json_each(r.params) j;
INSERT INTO run_tags SELECT r.run_id, j.key, j.value, r.started_at FROM runs r, json_each(r.tags) j;
CREATE TRIGGER runs_added AFTER INSERT ON runs BEGIN
    INSERT INTO run_params SELECT new.run_id, j.key, {_TEXT_OF_PARAM}, {_NUMBER_OF_PARAM}, new.started_at
    FROM json_each(new.params) j;
    INSERT INTO run_tags SELECT new.run_id, j.key, j.value, new.started_at FROM json_each(new.tags) j; END;
CREATE TRIGGER runs_params_changed AFTER UPDATE OF params ON runs WHEN new.params <> old.params BEGIN
    DELETE FROM run_params WHERE run_id = new.run_id;
    INSERT INTO run_params SELECT new.run_id, j.key, {_TEXT_OF_PARAM}, {_NUMBER_OF_PARAM}, new.started_at
    FROM json_each(new.params) j;
    END;
CREATE TRIGGER runs_tags_changed AFTER UPDATE OF tags ON runs WHEN new.tags <> old.tags BEGIN
    DELETE FROM run_tags WHERE run_id = new.run_id;
    INSERT INTO run_tags SELECT new.run_id, j.key, j.value, new.started_at FROM json_each(new.tags) j; END;
CREATE TRIGGER runs_started_changed AFTER UPDATE OF started_at ON runs WHEN new.started_at <> old.started_at
BEGIN UPDATE run_params SET started_at = new.started_at WHERE run_id = new.run_id; UPDATE run_tags
    SET started_at = new.started_at WHERE run_id = new.run_id; END;

CREATE TABLE saved_views (
    name TEXT PRIMARY KEY, filter TEXT NOT NULL, sort TEXT NOT NULL, columns TEXT NOT NULL, saved_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;

CREATE TABLE points (
    run_id TEXT NOT NULL, metric INTEGER NOT NULL, step INTEGER NOT NULL,
    at INTEGER NOT NULL, n INTEGER NOT NULL, value REAL, PRIMARY KEY (run_id, metric, step, at, n)
) STRICT, WITHOUT ROWID;
INSERT INTO points SELECT run_id, metric, step, at, 0, value FROM metric_points;
DROP TABLE metric_points;
ALTER TABLE points RENAME TO metric_points;
CREATE TABLE summary (
    run_id TEXT NOT NULL, metric INTEGER NOT NULL REFERENCES metric_keys (id), last REAL, last_step INTEGER NOT NULL,
    last_at INTEGER NOT NULL, first REAL, first_step INTEGER NOT NULL, first_at INTEGER NOT NULL, min REAL, max REAL,
    PRIMARY KEY (run_id, metric)
) STRICT, WITHOUT ROWID;
INSERT INTO summary SELECT s.run_id, s.metric, s.last, p.last_step,
    (SELECT max(at) FROM metric_points q WHERE q.run_id = s.run_id AND q.metric = s.metric AND q.step = p.last_step),
    s.first, p.first_step,
    (SELECT min(at) FROM metric_points q WHERE q.run_id = s.run_id AND q.metric = s.metric AND q.step = p.first_step),
    s.min, s.max FROM metric_summary s JOIN (SELECT run_id, metric, max(step) AS last_step, min(step) AS first_step
    FROM metric_points GROUP BY run_id, metric) p ON p.run_id = s.run_id AND p.metric = s.metric;
DROP TABLE metric_summary;
ALTER TABLE summary RENAME TO metric_summary;
CREATE INDEX metric_summary_last ON metric_summary (metric, last);

ALTER TABLE models ADD COLUMN origin TEXT NOT NULL DEFAULT 'mllab';
ALTER TABLE models ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE models ADD COLUMN tags TEXT NOT NULL DEFAULT '{{}}';
ALTER TABLE models ADD COLUMN updated_at INTEGER;
ALTER TABLE models ADD COLUMN deleted_at INTEGER;
ALTER TABLE models RENAME COLUMN task TO known_task;
ALTER TABLE models ADD COLUMN task TEXT;
UPDATE models SET task = known_task;
ALTER TABLE models DROP COLUMN known_task;
CREATE TABLE model_versions (
    model TEXT NOT NULL REFERENCES models (name), version INTEGER NOT NULL, run_id TEXT NOT NULL, bundle TEXT NOT NULL,
    created_at INTEGER NOT NULL, status TEXT NOT NULL, metrics TEXT NOT NULL, training_set TEXT, gates TEXT NOT NULL,
    gates_passed INTEGER, reason TEXT, origin TEXT NOT NULL DEFAULT 'mllab', source TEXT NOT NULL DEFAULT '',
    model_id TEXT, note TEXT NOT NULL DEFAULT '', tags TEXT NOT NULL DEFAULT '{{}}',
    stage TEXT NOT NULL DEFAULT 'None', updated_at INTEGER, deleted_at INTEGER, PRIMARY KEY (model, version)
) STRICT;
INSERT INTO model_versions (model, version, run_id, bundle, created_at, status, metrics, training_set, gates,
    gates_passed, reason) SELECT model, version, run_id, bundle, created_at, status, metrics, training_set, gates,
    gates_passed, reason FROM versions;
DROP TABLE versions;
ALTER TABLE model_versions RENAME TO versions;
CREATE INDEX versions_run ON versions (run_id);
CREATE TABLE logged_models (
    model_id TEXT PRIMARY KEY, experiment_id TEXT NOT NULL, name TEXT NOT NULL, run_id TEXT, status TEXT NOT NULL,
    type TEXT NOT NULL, params TEXT NOT NULL, tags TEXT NOT NULL, metrics TEXT NOT NULL, artifacts TEXT NOT NULL,
    links TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER
) STRICT;
CREATE INDEX logged_models_experiment ON logged_models (experiment_id, created_at);
CREATE TABLE model_links (
    run_id TEXT NOT NULL, model_id TEXT NOT NULL, role TEXT NOT NULL, step INTEGER NOT NULL,
    PRIMARY KEY (run_id, role, model_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER logged_models_linked AFTER UPDATE OF links ON logged_models WHEN new.links <> old.links BEGIN
    DELETE FROM model_links WHERE model_id = new.model_id;
    INSERT INTO model_links SELECT j.value ->> 'run_id', new.model_id, j.value ->> 'role', j.value ->> 'step'
    FROM json_each(new.links) j; END;
"""  # noqa: S608 - pieces of our own


@migrations()
def m005_tracking(db: Database) -> None:
    """Runs that are logged from scripts; experiments; parameters and tags of runs in indexes of their own."""
    for statement in re.split(r";\n(?!\s+(?:DELETE|INSERT|END))", _TRACKING):
        if statement.strip():
            db.execute(statement)
