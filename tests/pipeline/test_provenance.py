"""Records that decide whether a result is still the result of its inputs."""

from __future__ import annotations

import hashlib

import pytest

from oncontour.core.errors import InputError
from oncontour.pipeline.options import Options
from oncontour.pipeline.provenance import RECORD_NAME, case_record, file_records, is_done, peak_memory_gib, versions


def test_files_are_recorded_by_name_size_and_hash(tmp_path):
    (tmp_path / "a.nii").write_bytes(b"voxels")
    (record,) = file_records([tmp_path / "a.nii"])
    assert record == {"file": "a.nii", "bytes": 6, "sha256": hashlib.sha256(b"voxels").hexdigest()}
    with pytest.raises(InputError, match="cannot be read"):
        file_records([tmp_path / "absent"])


def test_dicom_files_are_recorded_together_and_without_names(tmp_path):
    for n, name in enumerate(("doe_jane_1", "doe_jane_2")):
        (tmp_path / name).write_bytes(b"x" * (n + 1))
    paths = [tmp_path / "doe_jane_1", tmp_path / "doe_jane_2"]
    (record,) = file_records(paths)
    assert (record["dicom_files"], record["bytes"]) == (2, 3)
    assert "doe" not in str(record)
    assert file_records(paths[::-1]) == [record]
    (tmp_path / "doe_jane_2").write_bytes(b"xy")
    assert file_records(paths) != [record]


def test_a_record_changes_with_everything_a_result_depends_on(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    bundles = {"tumour": {"sha256": "1"}}
    records = [
        case_record([tmp_path / "a"], Options(), bundles),
        case_record([tmp_path / "b"], Options(), bundles),
        case_record([tmp_path / "a"], Options(bias_field=False), bundles),
        case_record([tmp_path / "a"], Options(brain_mask=tmp_path / "b"), bundles),
        case_record([tmp_path / "a"], Options(dicom=True), bundles),
        case_record([tmp_path / "a"], Options(), {"tumour": {"sha256": "2"}}),
    ]
    assert all(one != other for n, one in enumerate(records) for other in records[:n])
    assert case_record([tmp_path / "a"], Options(resume=True), bundles) == records[0]


@pytest.mark.parametrize("text", [None, "", "{", "[]", "{}"])
def test_no_record_or_another_one_is_not_done(tmp_path, text):
    if text is not None:
        (tmp_path / RECORD_NAME).write_text(text)
    assert not is_done(tmp_path, {"oncontour": "1"})


def test_versions_and_memory_are_told():
    assert versions()["numpy"][0].isdigit()
    assert 0.01 < peak_memory_gib() < 1000
