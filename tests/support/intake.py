"""Labs that only take data in: one hand-written declaration, steps run in this process."""

from pathlib import Path

from mllab.lab import Lab
from mllab.records import DataFile


def declare(folder: Path, sources: str, features: str = "") -> Path:
    """Write a declaration of sources alone; the engine runs inline."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mllab.toml").write_text(f'[engine]\nkind = "inline"\n\n{sources}\n', encoding="utf-8")
    if features:
        (folder / "features.py").write_text(features, encoding="utf-8")
    return folder


def redeclare(lab: Lab, sources: str, features: str = "") -> None:
    """Edit the declaration and accept it."""
    declare(lab.folder, sources, features)
    lab.workspace.accept_config()


def take(lab: Lab, name: str, content: str | bytes, source: str | None = None) -> DataFile:
    """Take a file of these bytes in; what became of it."""
    path = lab.folder.parent / f"{lab.folder.name}-files" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return lab.file(str(lab.add(path, source=source, wait=True).args["sha256"]))
