"""What holds for the code as a whole: its size, what it may call, and what starting it loads."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mllab

PACKAGE = Path(mllab.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
STEPS = [path for path in SOURCES if path.is_relative_to(PACKAGE / "steps")]

HEAVY = {"polars", "xgboost", "sklearn", "scipy", "optuna", "litestar", "textual", "numpy"}
ARRAYS = {"polars", "xgboost", "sklearn", "scipy", "numpy"}
UNSAFE_FORMATS = {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}
MAY_EXECUTE = {"engine/user_code.py"}  # runs the lab's own features.py, which its owner wrote
MOST_LINES = 400


def in_package(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path)))


def places(path: Path, found: list[ast.AST]) -> list[str]:
    return [f"{in_package(path)}:{node.lineno} {ast.unparse(node)}" for node in found]


def called(node: ast.AST) -> str:
    """The last name of what a call calls: `open` for `open(...)` and for `path.open(...)`."""
    if not isinstance(node, ast.Call):
        return ""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def calls_builtin(node: ast.AST, names: set[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    match node.func:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="builtins"), attr=name):
            return name in names
    return False


def reads_with_polars(node: ast.AST) -> bool:
    readers = ("read_", "scan_")
    match node:
        case ast.Attribute(value=ast.Name(id="pl" | "polars"), attr=name):
            return name.startswith(readers)
        case ast.ImportFrom(module=str(module)) if module.split(".")[0] == "polars":
            return any(alias.name.startswith(readers) for alias in node.names)
    return False


def imported(node: ast.AST) -> set[str]:
    match node:
        case ast.Import():
            return {alias.name.split(".")[0] for alias in node.names}
        case ast.ImportFrom(module=str(module), level=0):
            return {module.split(".")[0]}
        case ast.Call(args=[ast.Constant(value=str(module)), *_]) if called(node) in (
            "import_module",
            "__import__",
        ):
            return {module.split(".")[0]}
    return set()


def module_names(*packages: str) -> list[str]:
    """Every module below these parts of mllab, whether they are packages or single files."""
    found = []
    for path in SOURCES:
        parts = ["mllab", *path.relative_to(PACKAGE).with_suffix("").parts]
        if parts[1] in packages:
            found.append(".".join(parts).removesuffix(".__init__"))
    return found


def loaded_after(code: str) -> set[str]:
    """The top-level modules a fresh interpreter holds once it has run the code."""
    script = f"import json, sys\n{code}\nprint(json.dumps([n for n in sys.modules if '.' not in n]), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("path", SOURCES, ids=in_package)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", SOURCES, ids=in_package)
def test_no_module_is_longer_than_one_can_hold_in_mind(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_steps_open_no_files() -> None:
    assert [p for path in STEPS for p in places(path, [n for n in nodes(path) if called(n) == "open"])] == []


def test_steps_read_no_files_with_polars() -> None:
    assert [p for path in STEPS for p in places(path, [n for n in nodes(path) if reads_with_polars(n)])] == []


def test_nothing_imports_a_format_that_runs_code_when_read() -> None:
    found = [p for path in SOURCES for p in places(path, [n for n in nodes(path) if imported(n) & UNSAFE_FORMATS])]
    assert found == []


def test_only_the_loader_of_features_runs_code_from_text() -> None:
    suspects = [path for path in SOURCES if in_package(path) not in MAY_EXECUTE]
    found = [
        p for path in suspects for p in places(path, [n for n in nodes(path) if calls_builtin(n, {"eval", "exec"})])
    ]
    assert found == []


def test_importing_mllab_loads_no_heavy_library() -> None:
    assert loaded_after("import mllab") & HEAVY == set()


def test_asking_for_help_loads_no_heavy_library() -> None:
    ask = """
sys.argv = ["mllab", "--help"]
from mllab.__main__ import main
try:
    left = main()
except SystemExit as stop:
    left = stop.code
assert not left, f"mllab --help ended with {left}"
"""
    assert loaded_after(ask) & HEAVY == set()


def test_records_filters_and_store_work_without_an_array_library() -> None:
    modules = module_names("records", "errors", "filters", "store")
    assert modules
    # Barred rather than looked for afterwards: sqlite_utils loads numpy on its own where it is installed.
    bar = f"sys.modules.update(dict.fromkeys({sorted(ARRAYS)}))"
    loaded_after(f"{bar}\nimport {', '.join(modules)}")
