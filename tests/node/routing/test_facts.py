"""Facts are read from files as scanners write them."""

from datetime import date

import numpy as np
import pydicom
import pytest

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.dicom.write_series import SyntheticStudy, write_series
from oncontour.node.routing.decide import decide
from oncontour.node.routing.facts import StudyFacts, read_facts
from oncontour.node.routing.rules import default_rules


@pytest.fixture
def study(tmp_path):
    """A T1, a T1 after contrast and a FLAIR of a phantom, and a text file."""
    volume = Volume(np.random.default_rng(0).random((16, 18, 10)), np.diag([4.0, 4.0, 6.0, 1.0]))
    for number, sequence in enumerate((Sequence.T1, Sequence.T1CE, Sequence.FLAIR), start=1):
        write_series(volume, tmp_path, sequence=sequence, number=number, study=SyntheticStudy("case", 1))
    (tmp_path / "notes.txt").write_text("no DICOM")
    return tmp_path


def change(folder, **headers):
    for file in folder.glob("*.dcm"):
        dataset = pydicom.dcmread(file)
        for keyword, value in headers.items():
            setattr(dataset, keyword, value)
        dataset.save_as(file)


def facts(folder, **options) -> StudyFacts:
    return read_facts(sorted(folder.iterdir()), **options)


def test_a_study_is_known_by_its_headers(study):
    change(study, StudyDescription="MR Brain", PatientAge="052Y", StationName="MR1")
    found = facts(study, sender="SCANNER1", tags={"StationName", "OperatorsName"})
    assert (found.sender, found.description, found.age_years) == ("SCANNER1", "MR Brain", 52)
    assert (found.modalities, found.body_parts, found.brain) == (("MR",), ("BRAIN",), True)
    assert found.sequences == {Sequence.T1, Sequence.T1CE, Sequence.FLAIR}
    assert found.contrast == "given"
    assert "t1_se_tra_post_Gd" in found.series
    assert found.tags == {"StationName": ("MR1",), "OperatorsName": ()}
    assert decide(found, default_rules()).rule == "glioma"


@pytest.mark.parametrize(
    ("headers", "age"),
    [
        ({"PatientAge": "006M"}, 0.5),
        ({"PatientAge": "020D"}, 20 / 365.25),
        ({"PatientBirthDate": "19900101"}, (date(2000, 1, 1) - date(1990, 1, 1)).days / 365.25),
        ({"PatientBirthDate": "20100101"}, None),
        ({"PatientAge": "old"}, None),
        ({}, None),
    ],
)
def test_age_in_years(study, headers, age):
    change(study, **headers)
    assert facts(study).age_years == pytest.approx(age, rel=1e-4) if age else facts(study).age_years is None


def test_without_agent_there_is_no_contrast(study):
    for file in study.glob("002-*.dcm"):
        file.unlink()
    change(study, ContrastBolusAgent="none")
    assert facts(study).contrast == "not given"


def test_a_t1_of_unknown_contrast_leaves_it_unknown(study):
    for file in [*study.glob("002-*.dcm"), *study.glob("003-*.dcm")]:
        file.unlink()
    change(study, SeriesDescription="mprage", ProtocolName="mprage")
    assert facts(study).contrast == "unknown"


def test_a_knee_is_no_brain(study):
    change(study, BodyPartExamined="KNEE")
    assert not facts(study).brain


def test_nothing_readable_is_held_or_ignored(tmp_path):
    (tmp_path / "notes.txt").write_text("no DICOM")
    found = facts(tmp_path)
    assert (found.modalities, found.brain, found.sequences) == ((), False, frozenset())
    assert decide(found, default_rules()).action == "ignore"
