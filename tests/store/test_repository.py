"""What git knows about a folder is read without git, kept as a patch that git takes, and brought back to the byte."""

import os
import random
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from dulwich.objects import Blob, Commit, Tree
from dulwich.repo import Repo

from mllab.errors import Conflict, InvalidInput, NotFound, Unavailable
from mllab.records import GitState
from mllab.store.repository import changed_files, diff_commits, read_state, restore
from tests.support.repositories import ALONE, a_repository, commit, files_of, git, write

HOSTILE = [
    b"new\nline",
    b"esc\x1b[31m",
    b"caf\xe9",
    b"a b c",
    b' lead"quote',
    b"back\\slash",
    b"tab\there",
    "ü".encode(),
]


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Neither git nor we see the settings of whoever runs the tests."""
    for name, value in ALONE.items():
        monkeypatch.setenv(name, value)


class Kept(dict):
    """Where patches are kept."""

    def put(self, content: bytes) -> str:
        digest = f"digest-{len(self)}"
        self[digest] = content
        return digest


def state_of(folder: Path) -> tuple[GitState, bytes | None]:
    kept = Kept()
    state = read_state(folder, kept.put)
    assert state is not None
    assert len(kept) == (state.diff is not None)
    return state, kept[state.diff] if state.diff else None


def proves_itself(folder: Path, scratch: Path) -> tuple[GitState, bytes | None]:
    """The state, after git and we have made the very same files of it as lie in the folder."""
    state, patch = state_of(folder)
    ours, gits = scratch / "ours", scratch / "gits"
    assert restore(folder, state, patch, ours) == ()
    git(scratch, "clone", "-q", "-n", str(folder), str(gits))
    if state.commit:
        git(gits, "checkout", "-q", "--detach", state.commit)
    if patch:
        git(gits, "apply", "--whitespace=nowarn", stdin=patch)
    expected = files_of(folder)
    for name in git(folder, "ls-files", "-z", "-o", "-i", "--exclude-standard").split(b"\0"):
        expected.pop(name, None)
    assert files_of(ours) == expected
    assert files_of(gits) == expected
    assert state.is_dirty is bool(git(folder, "status", "--porcelain"))
    return state, patch


# -- the state -------------------------------------------------------------------------------------------------------


def test_a_clean_repository_has_a_commit_a_branch_and_no_patch(tmp_path):
    folder = a_repository(tmp_path / "r", {"a.py": "1\n", "lab/mllab.toml": "x\n"})
    head = git(folder, "rev-parse", "HEAD").decode().strip()
    assert state_of(folder)[0] == GitState(commit=head, branch="main")
    assert state_of(folder / "lab")[0] == GitState(commit=head, branch="main", folder="lab")
    (folder / ".hidden/lab").mkdir(parents=True)
    assert state_of(folder / ".hidden/lab")[0].folder == ".hidden/lab"


def test_a_folder_in_no_repository_has_no_state(tmp_path):
    assert read_state(tmp_path, Kept().put) is None
    assert read_state(tmp_path / "missing", Kept().put) is None


def test_a_detached_head_has_no_branch(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1"})
    git(folder, "checkout", "-q", "--detach")
    assert state_of(folder)[0].branch is None


def test_before_the_first_commit_everything_is_new(tmp_path):
    folder = a_repository(tmp_path / "r")
    write(folder, {"a": "1\n", "b/c": "2"})
    git(folder, "add", "a")
    state, patch = state_of(folder)
    assert (state.commit, state.branch, state.is_dirty) == (None, "main", True)
    restore(folder, state, patch, tmp_path / "out")
    assert files_of(tmp_path / "out") == {b"a": ("file", b"1\n"), b"b/c": ("file", b"2")}


def test_staged_and_unstaged_changes_are_one_patch(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n2\n3\n", "b": "b\n", "c": "c\n", "gone": "g\n", "far/gone": "g"})
    write(folder, {"a": "1\nzwei\n3\n"})
    git(folder, "add", "a")
    write(folder, {"a": "1\nzwei\n3\n4", "b": "", "new/file": "n\n", "empty": ""})
    git(folder, "mv", "c", "moved")
    git(folder, "rm", "-q", "gone", "far/gone")
    state, patch = proves_itself(folder, tmp_path)
    assert state.notes == ()
    assert b"+zwei\n" in patch
    assert b"\\ No newline at end of file" in patch


def test_what_is_staged_away_but_still_lies_there_has_not_changed(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    git(folder, "rm", "-q", "--cached", "a")
    assert state_of(folder) == (GitState(commit=state_of(folder)[0].commit, branch="main"), None)


def test_modes_links_and_changes_of_kind_come_back(tmp_path):
    folder = a_repository(tmp_path / "r", {"run": "#!\n", "file": "f\n", "d/x": "x\n", "plain": "p\n", "both": "1\n"})
    (folder / "link").symlink_to("file")
    commit(folder)
    (folder / "run").chmod(0o755)
    (folder / "both").chmod(0o755)
    write(folder, {"both": "2\n", "new-script": "#!\n"})
    (folder / "new-script").chmod(0o755)
    for name in ("link", "file", "plain"):
        (folder / name).unlink()
    (folder / "link").write_text("now a file\n")
    (folder / "file").symlink_to("d/x")
    (folder / "plain").mkdir()
    write(folder, {"plain/inside": "i\n"})
    (folder / "new-link").symlink_to("run")
    proves_itself(folder, tmp_path)


def test_a_folder_that_becomes_a_file_comes_back(tmp_path):
    folder = a_repository(tmp_path / "r", {"d/x": "x\n", "d/y": "y\n"})
    shutil.rmtree(folder / "d")
    write(folder, {"d": "file\n"})
    proves_itself(folder, tmp_path)


def test_binary_files_are_literal_patches(tmp_path):
    noise = random.Random(0).randbytes(70_000)
    folder = a_repository(tmp_path / "r", {"a.bin": b"\0old", "gone.bin": b"\0gone", "t": "text\n", "u.bin": b"\0"})
    write(
        folder, {"a.bin": noise, "new.bin": b"\0" + noise[:52], "t": b"text\0", "u.bin": b"no more\n", "e.bin": b"\0"}
    )
    (folder / "gone.bin").unlink()
    _, patch = proves_itself(folder, tmp_path)
    assert patch.count(b"GIT binary patch") == 6


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_quoted(tmp_path, name):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    for where in (name, b"dir-" + name + b"/in"):
        path = folder / os.fsdecode(where)
        path.parent.mkdir(exist_ok=True)
        path.write_text("old\n")
    commit(folder)
    (folder / os.fsdecode(name)).write_text("changed\n")
    (folder / os.fsdecode(name + b".new")).write_bytes(b"\0new")
    (folder / os.fsdecode(b"dir-" + name) / "in").chmod(0o755)
    state, patch = proves_itself(folder, tmp_path)
    assert b"\x1b" not in patch.split(b"@@")[0]
    assert msgspec.json.decode(msgspec.json.encode(state), type=GitState) == state


def test_ignored_files_and_the_labs_own_stay_out(tmp_path):
    folder = a_repository(tmp_path / "r", {".gitignore": "*.txt\n/build/\n!keep.txt\n", "sub/.gitignore": "data\n"})
    write(folder, {"x.txt": "1", "build/y": "1", "sub/data": "1", "sub/deep/data/z": "1", ".mllab/lab.db": "1"})
    write(folder, {"lab/.mllab/artifacts/a": "1"})
    (folder / ".git/info/exclude").write_text("secret\n")
    write(folder, {"secret": "1"})
    assert state_of(folder)[1] is None
    write(folder, {"keep.txt": "kept\n", "sub/deep/other": "1"})
    _, patch = state_of(folder)
    assert patch.count(b"diff --git") == 2


def test_files_too_big_are_left_out_and_named(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n", "shrinks": "x" * 2_000_000, "goes": "y\n" * 1_000_000})
    write(folder, {"a": "2\n", "big": b"z" * 1_000_001, "just": b"z" * 1_000_000, "shrinks": "small\n"})
    (folder / "goes").unlink()
    state, patch = state_of(folder)
    assert state.notes == ("big is left out: it has more than 1 MB",)
    assert len(patch) < 1_100_000
    git(tmp_path, "clone", "-q", str(folder), "c")
    git(tmp_path / "c", "apply", stdin=patch)
    restore(folder, state, patch, tmp_path / "out")
    (folder / "big").unlink()
    assert files_of(tmp_path / "out") == files_of(folder) == files_of(tmp_path / "c")


def test_a_patch_too_long_leaves_out_what_comes_last(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    write(folder, {f"f{i:02}": f"{i}" + "x" * 999_000 for i in range(40)})
    state, patch = state_of(folder)
    assert len(patch) <= 10_000_000
    assert patch.count(b"diff --git") == 10
    assert state.notes[0] == "f10 is left out: the patch would be longer than 10 MB"
    assert state.notes[-1] == "and 10 more"


def test_a_file_rewritten_with_the_same_text_has_not_changed(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    (folder / "a").write_text("1\n")
    os.utime(folder / "a", (1, 1))
    assert state_of(folder)[0].is_dirty is False


def test_a_change_within_the_same_tick_and_of_the_same_size_is_seen(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    for text in ("2\n", "3\n", "1\n", "4\n"):
        (folder / "a").write_text(text)
        assert state_of(folder)[0].is_dirty is (text != "1\n")


def test_a_merge_conflict_is_kept_as_it_lies(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    git(folder, "checkout", "-q", "-b", "other")
    write(folder, {"a": "2\n"})
    commit(folder)
    git(folder, "checkout", "-q", "main")
    write(folder, {"a": "3\n"})
    commit(folder)
    with pytest.raises(AssertionError):
        git(folder, "merge", "-q", "other")
    assert b"<<<<<<<" in proves_itself(folder, tmp_path)[1]


def test_a_worktree_of_its_own_is_read_by_its_git_file(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    git(folder, "worktree", "add", "-q", "-b", "side", str(tmp_path / "w"))
    write(tmp_path / "w", {"a": "2\n"})
    state, patch = state_of(tmp_path / "w")
    assert (state.branch, state.is_dirty) == ("side", True)
    assert state_of(folder)[0].is_dirty is False
    restore(tmp_path / "w", state, patch, tmp_path / "out")
    assert (tmp_path / "out/a").read_text() == "2\n"


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_every_form_of_the_index_is_read(tmp_path, version):
    folder = a_repository(tmp_path / "r", {"a": "1\n", "b/c": "1\n"})
    git(folder, "update-index", "--index-version", version)
    git(folder, "config", "index.skipHash", "true")
    write(folder, {"n": "new\n"})
    git(folder, "add", "-N", "n")
    proves_itself(folder, tmp_path)


def test_a_split_or_damaged_index_does_not_change_the_answer(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n", "b/c": "1\n"})
    git(folder, "update-index", "--split-index")
    write(folder, {"a": "2\n"})
    whole = state_of(folder)
    assert whole[1].count(b"diff --git") == 1
    (folder / ".git/index").write_bytes(b"DIRC" + bytes(40))
    state, patch = state_of(folder)
    assert patch == whole[1]
    assert state.notes[0].startswith("the index cannot be read")


def test_a_sparse_checkout_has_not_deleted_the_rest(tmp_path):
    folder = a_repository(tmp_path / "r", {"a/x": "1\n", "b/y": "1\n", "b/c/z": "1\n"})
    for more in ([], ["--sparse-index"]):
        git(folder, "sparse-checkout", "set", *more, "a")
        assert not (folder / "b").exists()
        assert state_of(folder)[0].is_dirty is False


def test_submodules_are_named_and_left_out(tmp_path):
    inner = a_repository(tmp_path / "inner", {"i": "1\n"})
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    git(folder, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")
    commit(folder)
    assert state_of(folder)[0].is_dirty is False
    write(folder / "sub", {"i": "2\n"})
    moved = commit(folder / "sub")
    state, patch = state_of(folder)
    assert state.is_dirty and patch is None
    assert state.notes == (f"sub is left out: it is a submodule, now at commit {moved}",)
    assert restore(folder, state, None, tmp_path / "out") == ("submodule sub is an empty folder",)


def test_a_repository_in_the_repository_is_not_entered(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    a_repository(folder / "inner", {"i": "1\n"})
    state, patch = state_of(folder)
    assert patch is None
    assert state.notes == ("inner is left out: it is a repository of its own",)


def test_nothing_of_the_repository_is_run(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n", ".gitattributes": "* filter=evil diff=evil\n"})
    trap = f"touch {tmp_path}/sprung"
    for name in ("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv"):
        git(folder, "config", name, trap)
    git(folder, "config", "core.fsmonitor", trap)
    git(folder, "config", "core.sshCommand", trap)
    for hook in ("post-checkout", "post-index-change", "pre-commit"):
        write(folder, {f".git/hooks/{hook}": f"#!/bin/sh\n{trap}\n"})
        (folder / ".git/hooks" / hook).chmod(0o755)
    write(folder, {"a": "2\n"})
    before = {path: path.read_bytes() for path in (folder / ".git").rglob("*") if path.is_file()}
    state, patch = state_of(folder)
    restore(folder, state, patch, tmp_path / "out")
    assert not (tmp_path / "sprung").exists()
    assert {path: path.read_bytes() for path in (folder / ".git").rglob("*") if path.is_file()} == before


def test_a_bare_repository_has_no_state(tmp_path):
    a_repository(tmp_path / "bare", None, "--bare")
    (tmp_path / "bare/lab").mkdir()
    assert read_state(tmp_path / "bare/lab", Kept().put) is None
    assert read_state(a_repository(tmp_path / "r", {"a": "1"}) / ".git", Kept().put) is None


@pytest.mark.parametrize(
    "harm",
    [
        lambda git: (git / "HEAD").unlink(),
        lambda git: (git / "HEAD").write_bytes(b"\xff\0garbage"),
        lambda git: (git / "HEAD").write_text("ref: ../../../etc/passwd\n"),
        lambda git: (git / "refs/heads/main").write_text("0" * 40),
        lambda git: (git / "refs/heads/main").write_text("ref: refs/heads/main\n"),
        lambda git: (git / "refs/heads/main").write_bytes(b"\xff\n"),
        lambda git: (git / "config").write_bytes(b"[core\n\xff"),
        lambda git: (git / "config").write_text("[core]\n repositoryformatversion = 9\n"),
        lambda git: (git / "config").write_text("[core]\n repositoryformatversion = nine\n"),
        lambda git: shutil.rmtree(git / "objects"),
        lambda git: [
            one.write_bytes(b"garbage") for one in sorted((git / "objects").glob("??/*")) if not one.chmod(0o644)
        ],
        lambda git: (git / "index").write_bytes(b"garbage"),
        lambda git: (git / "info/exclude").write_bytes(b"\xff[\n\\\n[z-a]\n"),
    ],
)
def test_a_damaged_repository_does_not_raise(tmp_path, harm):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    write(folder, {"a": "2\n"})
    harm(folder / ".git")
    state = read_state(folder, Kept().put)
    assert state is None or state.is_dirty or state.notes
    msgspec.json.encode(state)


def test_a_git_file_that_leads_nowhere_does_not_raise(tmp_path):
    write(tmp_path, {"r/.git": "gitdir: /nonexistent\n", "s/.git": b"\xff", "t/.git": ""})
    for name in "rst":
        state = read_state(tmp_path / name, Kept().put)
        assert state is None or state.commit is None


def test_pipes_and_links_out_are_not_read(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n", "d/secret": "mine\n", "b/x": "1\n"})
    write(tmp_path, {"outside/secret": "theirs\n"})
    os.mkfifo(folder / "pipe")
    (folder / "a").unlink()
    os.mkfifo(folder / "a")
    os.mkfifo(folder / "b/.gitignore")
    shutil.rmtree(folder / "d")
    (folder / "d").symlink_to(tmp_path / "outside")
    state, patch = state_of(folder)
    assert b"theirs" not in patch
    assert [line for line in patch.splitlines() if line.startswith(b"diff")] == [
        b"diff --git a/a b/a",
        b"diff --git a/d/secret b/d/secret",
        b"diff --git a/d b/d",
    ]
    assert state.notes == ("b is left out: its .gitignore is no file",)


def test_an_index_that_names_foreign_files_gives_nothing_away(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    write(tmp_path, {"secret": "theirs\n"})
    blob = git(folder, "hash-object", "-w", "--stdin", stdin=b"x").decode().strip()
    index = bytearray()
    git(folder, "update-index", "--add", "--cacheinfo", f"100644,{blob},xx-secret")
    index += (folder / ".git/index").read_bytes()
    (folder / ".git/index").write_bytes(index.replace(b"xx-secret", b"../secret")[:-20] + bytes(20))
    _, patch = state_of(folder)
    assert patch is None


def test_a_patch_that_cannot_be_kept_is_noted(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    write(folder, {"a": "2\n"})

    def full(content: bytes) -> str:
        raise Unavailable("no room")

    state = read_state(folder, full)
    assert (state.is_dirty, state.diff) == (True, None)
    assert state.notes == ("the changes are not kept: no room",)


@pytest.mark.parametrize("seed", range(6))
def test_texts_changed_in_many_places_come_back(tmp_path, seed):
    rng = random.Random(seed)
    lines = [f"{rng.randrange(30)}\r\n" if seed % 2 else f"{rng.randrange(8)}\n" for _ in range(600)]
    folder = a_repository(tmp_path / "r", {f"f{i}": "".join(lines[: 100 * i + 1]) for i in range(6)})
    for i in range(6):
        changed = lines[: 100 * i + 1]
        for _ in range(rng.randrange(40)):
            at = rng.randrange(len(changed) + 1)
            changed[at : at + rng.randrange(4)] = [f"{rng.randrange(30)}\n"] * rng.randrange(4)
        write(folder, {f"f{i}": "".join(changed).removesuffix(rng.choice(["", "\n"]))})
    proves_itself(folder, tmp_path)


def test_texts_without_anything_in_common_are_replaced_in_bounded_time(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "".join(f"{i}\n" for i in range(50_000)), "b": "\n" * 500_000})
    write(folder, {"a": "".join(f"{i}\n" for i in range(90_000, 50_000, -1)), "b": "x\n" * 3 + "\n" * 400_000 + "y\n"})
    proves_itself(folder, tmp_path)


def test_a_repository_of_sha256_is_read_too(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n", "b": "1\n"}, "--object-format=sha256")
    write(folder, {"a": "2\n", "n": b"\0"})
    state, patch = state_of(folder)
    assert len(state.commit) == 64
    restore(folder, state, patch, tmp_path / "out")
    assert files_of(tmp_path / "out") == files_of(folder)


# -- bringing back ---------------------------------------------------------------------------------------------------


def test_the_bare_commit_comes_back_from_packs_too(tmp_path):
    folder = a_repository(tmp_path / "r", {f"d{i % 7}/f{i}": f"{i}\n" * i for i in range(100)})
    git(folder, "gc", "-q")
    state, _ = state_of(folder)
    restore(folder, state, None, tmp_path / "out")
    assert files_of(tmp_path / "out") == files_of(folder)


def test_a_folder_with_files_is_not_written_into(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    state, _ = state_of(folder)
    with pytest.raises(Conflict, match="not empty"):
        restore(folder, state, None, folder)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Conflict, match="not empty"):
        restore(folder, state, None, tmp_path / "link")
    (tmp_path / "empty").mkdir()
    restore(folder, state, None, tmp_path / "empty")


def test_a_commit_that_is_gone_is_not_found(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    tree = git(folder, "rev-parse", "HEAD^{tree}").decode().strip()
    for gone in ("1" * 40, "HEAD", "main", "", "../x", tree, "1" * 7):
        if gone:
            with pytest.raises(NotFound, match="commit"):
                restore(folder, GitState(commit=gone), None, tmp_path / "out")
    with pytest.raises(NotFound, match="in no repository"):
        restore(tmp_path, GitState(commit="1" * 40), None, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_blob_that_is_gone_or_damaged_is_not_written(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    state, _ = state_of(folder)
    blob = git(folder, "rev-parse", "HEAD:a").decode().strip()
    path = folder / ".git/objects" / blob[:2] / blob[2:]
    other = git(folder, "hash-object", "-w", "--stdin", stdin=b"other").decode().strip()
    path.chmod(0o644)
    path.write_bytes((folder / ".git/objects" / other[:2] / other[2:]).read_bytes())
    with pytest.raises(NotFound, match="cannot be read"):
        restore(folder, state, None, tmp_path / "out")
    path.unlink()
    with pytest.raises(NotFound, match="is not in this repository"):
        restore(folder, state, None, tmp_path / "out2")


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        (b"hello", "no patch"),
        (b"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-2\n+3\n", "does not fit"),
        (b"diff --git a/b b/b\n--- a/b\n+++ b/b\n@@ -1 +1 @@\n-1\n+3\n", "does not fit"),
        (b"diff --git a/a b/a\nnew file mode 100644\n--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+3\n", "does not fit"),
        (b"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n-1\n+3\n", "cut off"),
        (b"diff --git a/a b/c\nsimilarity index 100%\nrename from a\nrename to c\n", "not understood"),
        (b"diff --git a/n b/n\nnew file mode 100644\nGIT binary patch\nliteral 3\nzzz\n\n", "damaged"),
        (b"diff --git a/n b/n\nnew file mode 100644\nGIT binary patch\nliteral 3\nHcmV?d\n\n", "damaged"),
        (b"diff --git a/n b/n\nnew file mode 100644\nGIT binary patch\n", "cannot be read"),
        (
            b"diff --git a/../x b/../x\nnew file mode 100644\n--- /dev/null\n+++ b/../x\n@@ -0,0 +1 @@\n+3\n",
            "cannot be written",
        ),
        (
            b"diff --git a//x b//x\nnew file mode 100644\n--- /dev/null\n+++ b//x\n@@ -0,0 +1 @@\n+3\n",
            "cannot be written",
        ),
        (
            b"diff --git a/.git/x b/.git/x\nnew file mode 100644\n--- /dev/null\n+++ b/.git/x\n@@ -0,0 +1 @@\n+3\n",
            "cannot be written",
        ),
        (b"diff --git a/n b/n\nnew file mode 060000\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+3\n", "cannot be written"),
        (
            b"diff --git a/a/x b/a/x\nnew file mode 100644\n--- /dev/null\n+++ b/a/x\n@@ -0,0 +1 @@\n+3\n",
            "a file and a folder",
        ),
        (b'diff --git "a/x b/x\nnew file mode 100644\n', "cannot be read"),
    ],
)
def test_a_patch_that_does_not_fit_writes_nothing(tmp_path, patch, said):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    with pytest.raises(InvalidInput, match=said):
        restore(folder, state_of(folder)[0], patch, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_patch_of_another_commit_does_not_fit(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n", "b": b"\0one"})
    write(folder, {"b": b"\0two"})
    first, patch = state_of(folder)
    write(folder, {"b": b"\0three"})
    commit(folder)
    with pytest.raises(InvalidInput, match="does not fit the commit at b"):
        restore(folder, state_of(folder)[0], patch, tmp_path / "out")
    restore(folder, first, patch, tmp_path / "out")
    with pytest.raises(InvalidInput, match="damaged"):
        restore(folder, first, patch.replace(b"literal 4\n", b"literal 4\nA", 1), tmp_path / "out2")


def a_commit_of(folder: Path, *entries: tuple[bytes, int, bytes | Tree]) -> str:
    """A commit that git itself would not make."""
    repo = Repo(folder)
    tree, made = Tree(), Commit()
    for name, mode, content in entries:
        thing = content if isinstance(content, Tree) else Blob.from_string(content)
        repo.object_store.add_object(thing)
        tree.add(name, mode, thing.id)
    repo.object_store.add_object(tree)
    made.tree, made.author, made.committer, made.message = tree.id, b"a <a>", b"a <a>", b"x"
    made.author_time = made.commit_time = made.author_timezone = made.commit_timezone = 0
    repo.object_store.add_object(made)
    repo.close()
    return made.id.decode()


@pytest.mark.parametrize(
    "name", [b"..", b".", b".git", b".GIT", b"git~1", b"../x", b"/etc/x", b"a/../../x", b".git/hooks/x", b".git ."]
)
def test_a_tree_with_hostile_names_writes_nothing(tmp_path, name):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    hostile = a_commit_of(folder, (b"fine", 0o100644, b"x"), (name, 0o100644, b"x"))
    with pytest.raises(InvalidInput, match="cannot be written"):
        restore(folder, GitState(commit=hostile), None, tmp_path / "deep/out")
    assert not (tmp_path / "deep").exists()
    git(folder, "update-ref", "refs/heads/main", hostile)
    _, patch = state_of(folder)
    assert patch is None or name not in patch.replace(b"/dev/null", b"").split(b"diff --git a/fine")[0]


def test_links_that_lead_out_become_files(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    links = {
        b"out": b"..",
        b"far": b"../../etc",
        b"abs": b"/etc/passwd",
        b"turn": b"in/../..",
        b"in": b"fine/./deep",
        b"self": b".",
    }
    deep = Tree()
    entries = [(name, 0o120000, leads) for name, leads in links.items()]
    blob = Blob.from_string(b"../../in")
    with Repo(folder) as repo:
        repo.object_store.add_object(blob)
    deep.add(b"up", 0o120000, blob.id)
    odd = a_commit_of(folder, *entries, (b"fine", 0o040000, deep))
    notes = restore(folder, GitState(commit=odd), None, tmp_path / "x/out")
    assert [note.split()[0] for note in notes] == ["abs", "far", "fine/up", "out", "turn"]
    assert sorted(one.name for one in (tmp_path / "x/out").iterdir() if one.is_symlink()) == ["in", "self"]
    assert (tmp_path / "x/out/abs").read_text() == "/etc/passwd"


def test_nothing_is_written_through_a_link(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    inner = Tree()
    blob = Blob.from_string(b"x")
    with Repo(folder) as repo:
        repo.object_store.add_object(blob)
    inner.add(b"x", 0o100644, blob.id)
    hostile = a_commit_of(folder, (b"d", 0o120000, b"/tmp"))
    patch = b"diff --git a/d/x b/d/x\nnew file mode 100644\n--- /dev/null\n+++ b/d/x\n@@ -0,0 +1 @@\n+3\n"
    with pytest.raises(InvalidInput, match="d is a file and a folder at once"):
        restore(folder, GitState(commit=hostile), patch, tmp_path / "out")


# -- two commits -----------------------------------------------------------------------------------------------------


def test_what_differs_between_two_commits_is_listed_and_shown(tmp_path):
    folder = a_repository(tmp_path / "r", {"a.py": "1\n2\n", "b": "b\n", "c.bin": b"\0", "gone": "g\n", "d/same": "s"})
    first = git(folder, "rev-parse", "HEAD").decode().strip()
    write(folder, {"a.py": "1\nzwei\n", "c.bin": b"\0\1", "new": "ü\n"})
    (folder / "gone").unlink()
    (folder / "b").chmod(0o755)
    second = commit(folder)
    expected = [("a.py", "changed"), ("b", "changed"), ("c.bin", "changed"), ("gone", "deleted"), ("new", "added")]
    assert changed_files(folder, first, second) == expected
    shown = diff_commits(folder, first, second)
    assert "-2\n+zwei\n" in shown
    assert "old mode 100644\nnew mode 100755" in shown
    assert "c.bin changed: not text, or more than 1 MB\n" in shown
    assert "+ü\n" in shown
    assert (changed_files(folder, first, first), diff_commits(folder, first, first)) == ([], "")
    with pytest.raises(NotFound, match="commit 222222222222 is not in this repository"):
        changed_files(folder, first, "2" * 40)
    with pytest.raises(NotFound, match="in no repository"):
        diff_commits(tmp_path, first, second)


def test_a_long_difference_is_cut(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n"})
    first = git(folder, "rev-parse", "HEAD").decode().strip()
    write(folder, {f"f{i}": "x" * 400_000 for i in range(5)})
    shown = diff_commits(folder, first, commit(folder))
    assert len(shown) < 1_001_000
    assert shown.endswith("... and 3 more files\n")


def test_git_agrees_that_a_restored_tree_is_the_commit(tmp_path):
    folder = a_repository(tmp_path / "r", {"a": "1\n", "d/b": "2\n"})
    (folder / "d/l").symlink_to("b")
    (folder / "a").chmod(0o755)
    commit(folder)
    state, _ = state_of(folder)
    restore(folder, state, None, tmp_path / "out")
    done = subprocess.run(
        ["git", f"--git-dir={folder}/.git", f"--work-tree={tmp_path}/out", "status", "--porcelain"], capture_output=True
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_new_files_that_look_like_data_or_secrets_stay_out_and_are_named(tmp_path):
    folder = a_repository(tmp_path / "repo")
    write(folder, {"model.py": b"x = 1\n"})
    write(folder, {name: b"anna,1990\n" for name in ("people.CSV", "rows.parquet", ".env", ".env.local", "server.pem")})
    state, patch = state_of(folder)
    assert patch is not None
    assert b"model.py" in patch
    assert b"anna" not in patch
    assert state.notes == (
        "new files that look like data or secrets are left out: .env, .env.local, people.CSV and 2 more",
    )
