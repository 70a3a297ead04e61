"""The whole: every series decided, one chosen for each sequence, bad ones stepped over, the user's word obeyed."""

import logging

import numpy as np
import pytest

from oncontour.core.errors import IncompleteSeriesError, SequenceError
from oncontour.core.sequence import Sequence
from oncontour.dicom.find import find_studies
from oncontour.dicom.study import case_name, read_study

WHOLE = np.random.default_rng(0).integers(0, 900, (8, 8, 26)).astype(np.uint16)
SLAB = WHOLE[..., :6]

FLAIR = {
    "SeriesDescription": "t2 flair",
    "ScanningSequence": ["SE", "IR"],
    "InversionTime": 2500,
    "RepetitionTime": 9000,
}
T1 = {"SeriesDescription": "t1 pre", "EchoTime": 9, "RepetitionTime": 500}
T1CE = T1 | {"SeriesDescription": "t1 post km"}
LOCALISER = {"SeriesDescription": "localizer"}
THIN = {"spacing": (1.0, 1.0, 1.0), "MRAcquisitionType": "3D"}


@pytest.fixture
def study_of(factory, tmp_path):
    """Write series (header dictionaries; `array`, `spacing` and `planes` to bend them) and find their study."""

    def make(*series, bend=None):
        common = factory.new_study()
        for n, headers in enumerate(series, start=1):
            own = {"SeriesNumber": n, "AcquisitionTime": f"10{n:02d}00"} | headers
            planes = factory.series_planes(own.pop("array", WHOLE), **(common | own))
            factory.save_series(tmp_path / "case 7" / f"{n}", (bend or {}).get(n, lambda all_of: all_of)(planes))
        (study,) = find_studies(tmp_path / "case 7", tmp_path / "unpacked")
        return study

    return make


def drop_thick(planes):
    return planes[:10] + planes[11:]


def test_four_sequences_and_a_localiser(study_of):
    study = read_study(study_of(LOCALISER, T1, FLAIR, {}, T1CE))
    sources = {sequence: image.source for sequence, image in study.images.items()}
    assert sources == {
        Sequence.T1: "series 2",
        Sequence.FLAIR: "series 3",
        Sequence.T2: "series 4",
        Sequence.T1CE: "series 5",
    }
    assert study.name == "case 7"
    assert [decision.used for decision in study.decisions] == [False, True, True, True, True]
    assert all(image.dicom and len(image.files) == 26 for image in study.images.values())
    assert study.images[Sequence.T2].volume.array.dtype == np.float32


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({}, THIN | {"array": np.concatenate([WHOLE] * 5, axis=2)}),
        ({"spacing": (1.0, 1.0, 6.0)}, {"spacing": (1.0, 1.0, 5.0)}),
        ({"array": SLAB, "spacing": (1.0, 1.0, 8.0)} | {"MRAcquisitionType": "3D"}, {}),
        ({"array": WHOLE[..., :21]}, {"array": WHOLE}),
        ({}, {}),
    ],
    ids=["3D over 2D", "thinner", "whole brain over 3D slab", "more complete", "latest"],
)
def test_the_better_candidate_is_chosen(study_of, worse, better):
    study = read_study(study_of(FLAIR | worse, FLAIR | better))
    assert study.images[Sequence.FLAIR].source == "series 2"
    assert "another series serves better" in study.decisions[0].reason


def test_order_of_quality_beats_order_in_time(study_of):
    thin = THIN | {"array": np.concatenate([WHOLE] * 5, axis=2)}
    assert read_study(study_of(FLAIR | thin, FLAIR)).images[Sequence.FLAIR].source == "series 1"


def test_use_overrides_and_is_recorded(study_of):
    found = study_of(FLAIR, {}, FLAIR | {"SeriesDescription": "localizer"})
    study = read_study(found, {Sequence.FLAIR: "3"})
    assert study.images[Sequence.FLAIR].source == "series 3"
    decision = study.decisions[2]
    assert (decision.sequence, decision.used, decision.confidence) == (Sequence.FLAIR, True, 1.0)
    assert "named by the user" in decision.reason
    assert "localiser" in decision.reason
    assert not study.decisions[0].used
    assert "the user named another series" in study.decisions[0].reason


def test_use_takes_a_label_as_printed(study_of, factory):
    found = study_of({"EchoTime": 100})
    assert read_study(found, {Sequence.T2: "Series 1"}).images[Sequence.T2].source == "series 1"


def test_use_of_what_is_not_there(study_of):
    with pytest.raises(SequenceError, match="no such series; expected one of: series 1, series 2"):
        read_study(study_of(FLAIR, {}), {Sequence.T1: "17"})


def test_use_of_a_broken_series_raises(study_of):
    with pytest.raises(IncompleteSeriesError, match="1 missing"):
        read_study(study_of(FLAIR, {}, bend={1: drop_thick}), {Sequence.FLAIR: "1"})


def test_a_broken_series_stops_no_other_and_gives_way(study_of):
    study = read_study(study_of(FLAIR, {}, FLAIR | {"spacing": (1.0, 1.0, 4.5)}, bend={3: drop_thick}))
    assert study.images[Sequence.FLAIR].source == "series 1"
    assert study.images[Sequence.T2].source == "series 2"
    assert "not used: 25 slices 4.5 mm apart with 1 missing" in study.decisions[2].reason
    assert any("series 3 cannot be used" in note for note in study.notes)


def test_only_localisers(study_of):
    with pytest.raises(SequenceError, match="2 series, none of which can be used: 2 x localiser"):
        read_study(study_of(LOCALISER, LOCALISER))


def test_only_a_slab(study_of):
    with pytest.raises(SequenceError, match=r"FLAIR \(a slab of only 30 mm\)"):
        read_study(study_of(FLAIR | {"array": SLAB}))


def test_unlike_frames_of_reference_are_noted(study_of):
    study = read_study(study_of(FLAIR, {"FrameOfReferenceUID": "1.2.3"}))
    assert any("T2, FLAIR lie in 2 different frames of reference" in note for note in study.notes)


def test_repairs_reach_the_notes(study_of):
    study = read_study(study_of(FLAIR | {"array": np.concatenate([WHOLE] * 5, axis=2)} | THIN, bend={1: drop_thick}))
    assert any("missing slice 11 of 130 bridged" in note for note in study.notes)


@pytest.mark.parametrize(("time", "expected"), [("095900", Sequence.T1), ("103000", Sequence.T1CE)])
def test_silent_t1_is_settled_by_order_in_time(study_of, time, expected):
    silent = T1 | {"SeriesDescription": "t1", "AcquisitionTime": time}
    study = read_study(study_of(FLAIR, {"SeriesDescription": "t2 perf", "ContrastBolusAgent": "Gd"}, silent))
    assert study.decisions[2].sequence is expected
    assert "acquired" in study.decisions[2].reason
    assert 0.5 < study.decisions[2].confidence < 0.8


def test_one_time_for_all_settles_nothing(study_of):
    same = {"AcquisitionTime": "000000"}
    study = read_study(study_of(T1CE | same, T1 | {"SeriesDescription": "t1"} | same))
    assert study.images[Sequence.T1CE].source == "series 1"
    assert study.images[Sequence.T1].source == "series 2"
    assert study.decisions[1].confidence <= 0.5


def test_names_of_several_studies_differ(factory, tmp_path):
    for n in range(2):
        planes = factory.series_planes(WHOLE, **factory.new_study())
        factory.save_series(tmp_path / "root" / f"{n}", planes)
    names = [case_name(study) for study in find_studies(tmp_path / "root", tmp_path / "unpacked")]
    assert len(set(names)) == 2
    assert all(name.startswith("root-") and len(name) == len("root-") + 8 for name in names)


def test_nothing_private_leaves_the_room(study_of, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    secret = {"SeriesDescription": "flair Giraffe", "PatientComments": "giraffe", "ProtocolName": "giraffe"}
    study = read_study(study_of(FLAIR | secret, T1 | {"SeriesDescription": "Giraffe t1"}))
    out, err = capfd.readouterr()
    said = f"{study.name}{study.decisions}{study.notes}{caplog.text}{out}{err}".lower()
    assert not any(word in said for word in ("giraffe", "secret", "p-1", "19610203", "20240501"))
