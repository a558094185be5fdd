"""The same run by MLflow's own client; run by an environment that has it: URI MODE METRICS STEPS PARAMS."""

import statistics
import sys
import time
import uuid

from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient

uri, mode, n_metrics, n_steps, n_params = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
client = MlflowClient(tracking_uri=uri)
experiment = client.create_experiment(uuid.uuid4().hex)
values = [[(step + 1) / (metric + 1.5) for metric in range(n_metrics)] for step in range(n_steps)]


def one_run() -> float:
    """Seconds of one run."""
    began = time.perf_counter()
    run = client.create_run(experiment).info.run_id
    client.log_batch(run, params=[Param(f"p{i}", f"value-{i}") for i in range(n_params)])
    now = int(time.time() * 1000)
    points = [(f"m{at}", value, step) for step, row in enumerate(values) for at, value in enumerate(row)]
    if mode == "batch":
        client.log_batch(run, metrics=[Metric(name, value, now, step) for name, value, step in points])
    else:
        for name, value, step in points:
            client.log_metric(run, name, value, now, step)
    client.set_terminated(run)
    return time.perf_counter() - began


one_run() if mode == "batch" else None
print(statistics.median(one_run() for _ in range(5 if mode == "batch" else 1)))
