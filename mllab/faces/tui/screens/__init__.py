"""One file per screen, named by its noun; `runs.py` is the exemplar.

`base.py` is the frame of all, over `loading.py` (asking the lab) and `moving.py` (keys of rows, panes, tabs). What some
share: `filtered.py` for a filter, `beside.py` for a pane beside a table, `charted.py` for curves.
"""
