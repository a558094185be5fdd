"""The terminal UI: Textual screens over a `Lab`.

    app.py         the application: opens the lab, follows it, leaves it in order
    shared.py      what all screens share: news, what is frozen, words in the corner, going elsewhere
    actions.py     the one registry of keys; bindings, key bar, help and palette are made from it
    screens/       one file per screen; `base.py` is the frame they hang in, `runs.py` the one to copy
    widgets/       the virtual table and the small parts around it
    charts/        pictures from numbers, pure
    viewmodels/    what a screen says, worked out without a screen, pure

docs/tui.md tells how to add a screen. Nothing here looks below `Lab` and records.
"""
