"""Result folders: whole or absent, and never somebody else's."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from oncontour.core.errors import InputError, OutputError
from oncontour.pipeline.folders import prepare_out, result_folder, write_error


def test_files_appear_together_at_the_end(tmp_path):
    folder = tmp_path / "case"
    with result_folder(folder) as part:
        (part / "measurements.json").write_text("1")
        assert not folder.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["case"]
    assert (folder / "measurements.json").read_text() == "1"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_nothing_and_keeps_the_older_result(tmp_path, error):
    folder = tmp_path / "case"
    with result_folder(folder) as part:
        (part / "measurements.json").write_text("old")

    def fail_halfway():
        with result_folder(folder) as part:
            (part / "measurements.json").write_text("new")
            raise error

    with pytest.raises(error):
        fail_halfway()
    assert [path.name for path in tmp_path.iterdir()] == ["case"]
    assert (folder / "measurements.json").read_text() == "old"


def test_an_older_result_is_replaced_as_a_whole(tmp_path):
    folder = tmp_path / "case"
    write_error(folder, InputError("f", "a", "b", "C."))
    with result_folder(folder) as part:
        (part / "report.html").write_text("new")
    assert [path.name for path in folder.iterdir()] == ["report.html"]


def test_what_a_killed_run_left_is_cleared_away(tmp_path):
    (tmp_path / ".case.part").mkdir()
    (tmp_path / ".case.part" / "regions.nii.gz").write_text("half")
    with result_folder(tmp_path / "case") as part:
        assert list(part.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["case"]


def test_a_result_left_between_two_renames_is_put_back(tmp_path):
    (tmp_path / ".case.old").mkdir()
    (tmp_path / ".case.old" / "report.html").write_text("old")
    with pytest.raises(ValueError, match="stop"), result_folder(tmp_path / "case"):
        raise ValueError("stop")
    assert (tmp_path / "case" / "report.html").read_text() == "old"


def test_a_folder_with_other_files_is_never_replaced(tmp_path):
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "t1c.nii.gz").write_text("the user's")
    with (
        pytest.raises(OutputError, match=r"1 files that are no result of Oncontour \(t1c.nii.gz"),
        result_folder(folder),
    ):
        pytest.fail("the block must not begin")
    assert (folder / "t1c.nii.gz").read_text() == "the user's"
    with pytest.raises(OutputError):
        write_error(folder, InputError("f", "a", "b", "C."))


def test_error_json_has_every_part(tmp_path):
    write_error(tmp_path / "case", InputError("scan.nii", "nothing", "an image", "Give one."))
    content = json.loads((tmp_path / "case" / "error.json").read_text())
    assert content == {
        "message": "scan.nii: found nothing; expected an image. Give one.",
        "kind": "InputError",
        "where": "scan.nii",
        "found": "nothing",
        "expected": "an image",
        "remedy": "Give one.",
    }


def test_an_output_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="a file where a folder is needed"):
        prepare_out(tmp_path / "out")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_output_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="no permission to write"):
        prepare_out(tmp_path / "out")


@pytest.mark.parametrize(("number", "found"), [(errno.EACCES, "no permission"), (errno.ENOSPC, "no space left")])
def test_a_refusing_system_is_explained(tmp_path, monkeypatch, number, found):
    def refuse(self, *args, **kwargs):
        raise OSError(number, "no")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutputError, match=found) as caught:
        prepare_out(tmp_path / "out")
    assert caught.value.remedy
    with pytest.raises(OutputError, match=found), result_folder(tmp_path / "case"):
        pytest.fail("the block must not begin")
