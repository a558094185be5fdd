"""Use cases: load, run a step, save, tell. One file per thing that happens; `workspace.py` is what they all hold."""
