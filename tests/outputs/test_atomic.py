"""Several files appear together or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from embedcli.errors import OutputError
from embedcli.outputs.atomic import atomic_files, file_errors_as_output_errors


def test_targets_appear_when_the_block_ends(tmp_path: Path) -> None:
    targets = tmp_path / "a", tmp_path / "b"
    with atomic_files(*targets) as streams:
        for stream in streams:
            stream.write(b"data")
        assert not any(target.exists() for target in targets)
    assert [target.read_bytes() for target in targets] == [b"data", b"data"]
    assert len(list(tmp_path.iterdir())) == 2


def test_an_error_keeps_what_was_there_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic_files(tmp_path / "a", tmp_path / "b"):
        raise KeyboardInterrupt
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("b", "old")]


def test_new_files_have_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    with atomic_files(tmp_path / "a"):
        pass
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_an_os_error_becomes_one_line_that_says_what_to_do() -> None:
    with (
        pytest.raises(OutputError, match=r"^v\.npy cannot be written: full; free some space"),
        file_errors_as_output_errors("v.npy"),
    ):
        raise OSError(errno.ENOSPC, "full")
