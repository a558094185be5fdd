"""The command line: one file per noun, each a small Typer app over a `Lab`.

    app.py      the table of commands; a noun's file is imported only when its command runs
    options.py  what many commands share: --lab, --json, opening the lab
    errors.py   the one table from error to exit code, and the one handler
    output.py   tables, JSON and safe text on stdout
    progress.py waiting for a job on a terminal

stdout is data, stderr is for people. `run.py` is the pattern that the other nouns follow.
"""
