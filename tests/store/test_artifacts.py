"""Files named by their content."""

import hashlib
import io

import pytest

from mllab.errors import NotFound, Unavailable
from mllab.store.artifacts import Artifacts


def test_content_comes_back_by_its_digest(tmp_path):
    artifacts = Artifacts(tmp_path / "a")
    digest = artifacts.put(b"hello")
    assert digest == hashlib.sha256(b"hello").hexdigest()
    assert artifacts.get(digest) == b"hello"
    assert artifacts.take(io.BytesIO(b"hello")) == (digest, 5)


def test_the_same_content_is_kept_once(tmp_path):
    artifacts = Artifacts(tmp_path / "a")
    assert artifacts.put(b"x") == artifacts.put(b"x")
    assert len([path for path in artifacts.folder.rglob("*") if path.is_file()]) == 1


def test_a_flipped_bit_is_noticed(tmp_path):
    artifacts = Artifacts(tmp_path / "a")
    digest = artifacts.put(b"hello")
    artifacts.path(digest).write_bytes(b"hellp")
    with pytest.raises(Unavailable, match="damaged"):
        artifacts.get(digest)


def test_a_missing_artifact_is_named(tmp_path):
    with pytest.raises(NotFound, match="0000"):
        Artifacts(tmp_path / "a").get("0" * 64)


def test_what_is_not_named_by_a_digest_is_thrown_away(tmp_path):
    artifacts = Artifacts(tmp_path / "a")
    with pytest.raises(RuntimeError), artifacts.writing() as (file, _):
        file.write(b"half")
        raise RuntimeError
    assert list(artifacts.folder.iterdir()) == []


def test_leftovers_of_dead_writers_are_swept(tmp_path):
    artifacts = Artifacts(tmp_path / "a")
    digest = artifacts.put(b"kept")
    (artifacts.folder / ".new-dead").write_bytes(b"half")
    artifacts.sweep()
    assert artifacts.get(digest) == b"kept"
    assert not (artifacts.folder / ".new-dead").exists()


def test_a_folder_that_cannot_be_written_is_explained(tmp_path):
    (tmp_path / "a").write_text("a file, not a folder")
    with pytest.raises(Unavailable, match="cannot write"):
        Artifacts(tmp_path / "a").put(b"x")
