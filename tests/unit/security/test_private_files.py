"""Small files: written whole or not at all, for their owner alone, one writer at a time."""

import os
import threading
from pathlib import Path

import pytest

from cdop.security import private_files


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a file"


def test_a_new_file_is_its_owner_s_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        private_files.create(path, b"content")
    finally:
        os.umask(before)
    assert (path.read_bytes(), mode(path)) == (b"content", 0o600)


def test_a_file_that_is_there_is_not_written_over(path: Path) -> None:
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        private_files.create(path, b"content")
    assert path.read_bytes() == b"precious"


def test_a_replaced_file_is_wholly_the_new_one_and_leaves_nothing_beside_it(path: Path) -> None:
    path.write_bytes(b"a longer content than the one that comes")
    path.chmod(0o644)
    path.with_name(".a file.partial").write_bytes(b"left by a crash")
    private_files.replace(path, b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", 0o600)
    assert [each.name for each in path.parent.iterdir()] == ["a file"]


def test_a_replacement_that_fails_leaves_the_old_file_and_no_part(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="disk is full"):
        private_files.replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in path.parent.iterdir()] == ["a file"]


def test_content_and_name_are_on_the_disk_before_it_is_said(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Synchronised: the file first, then the folder that names it."""
    synced: list[str] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    private_files.create(path, b"content")
    folder = str(path.parent)
    assert synced == [str(path), folder]
    synced.clear()
    private_files.replace(path, b"new")
    assert synced == [f"{folder}/.a file.partial", folder, folder]


def test_one_changes_a_file_after_the_other(path: Path) -> None:
    begun, order = threading.Event(), []

    def second() -> None:
        begun.set()
        with private_files.changing(path):
            order.append("second")

    with private_files.changing(path):
        other = threading.Thread(target=second)
        other.start()
        begun.wait(5)
        other.join(0.1)
        order.append("first")
    other.join(5)
    assert order == ["first", "second"]


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_descriptor_is_left_open(path: Path) -> None:
    before = descriptors()
    for number in range(20):
        with private_files.changing(path):
            private_files.replace(path, bytes([number]))
    assert descriptors() == before


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError), private_files.changing(tmp_path / "nowhere" / "file"):
        pass
