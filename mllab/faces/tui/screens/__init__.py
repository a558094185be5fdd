"""One file per screen, named by its noun. `base.py` is the frame, `runs.py` the exemplar."""
