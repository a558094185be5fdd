"""MLflow's tracking and registry dialect, so that its unmodified client logs to a lab and reads from it.

`wire` has what clients send, `replies` what they are answered; one file per group of endpoints; `routes` is the list.
Below `/api/2.0/mlflow` errors have the dialect's own shape, see `errors`.
"""
