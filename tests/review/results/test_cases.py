"""Which images belong to a result."""

import json

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.dicom.write_series import SyntheticStudy, write_series
from oncontour.review.results.cases import FolderCases


@pytest.fixture
def folder(tmp_path):
    """A result, and its study of two series within several folders."""
    result = tmp_path / "results" / "case-1"
    result.mkdir(parents=True)
    (result / "measurements.json").write_text(json.dumps({"regions": []}))
    (result / "quality.json").write_text("{}")
    volume = Volume(np.random.default_rng(0).random((12, 12, 9)).astype(np.float32), np.diag((10.0, 10.0, 5.0, 1.0)))
    made = SyntheticStudy("case-1", 0)
    for number, sequence in enumerate((Sequence.T1CE, Sequence.FLAIR), start=1):
        place = tmp_path / "studies" / "cases" / "case-1" / sequence
        write_series(volume, place, sequence=sequence, number=number, study=made)
    return tmp_path


@pytest.mark.parametrize("given", ["studies", "studies/cases", "studies/cases/case-1"])
def test_a_study_is_found_in_a_folder_around_it(folder, given):
    (folder / "temporary").mkdir()
    cases = FolderCases(folder / "results", [folder / given], folder / "temporary")
    assert set(cases.results()) == {"case-1"}
    files = cases.images("case-1").files
    assert len(files) == 18
    assert {file.parent.parent.name for file in files} == {"case-1"}


def test_a_study_that_is_not_there_is_told(folder):
    (folder / "temporary").mkdir()
    cases = FolderCases(folder / "results", [folder / "studies"], folder / "temporary")
    with pytest.raises(InputError, match="no images among case-1, studies"):
        cases.images("case-2")
