"""The entry point of `mllab` and `python -m mllab`; also of the engine's child, which must not load a face."""

import sys

from mllab.faces.cli.place import has_terminal


def main() -> None:
    """Serve as the engine's child when asked to by the hidden first argument; else be the UI or the command line."""
    if sys.argv[1:2] == ["_worker"]:
        from mllab.engine.child import main as worker

        worker()
        return
    if not sys.argv[1:] and has_terminal():
        from mllab.faces.cli.screen import main as screen

        screen()
        return
    from mllab.faces.cli.app import main as command_line

    command_line()


if __name__ == "__main__":
    main()
