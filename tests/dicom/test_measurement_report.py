"""An SR must give every reader the numbers that were measured, on the segments that they were measured on."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import highdicom
import pydicom
import pytest
from pydicom.sr.codedict import codes
from pydicom.uid import EnhancedMRImageStorage

from oncontour.core.errors import OutputError
from oncontour.core.labels import BRATS
from oncontour.dicom.measurement_report import BRAIN_MRI, SegmentFigures, write_measurement_report
from oncontour.dicom.segmentation import write_segmentation

from .objects import NAMES, change_headers, enhanced, errors, nested, rename, series

FIGURES = (
    SegmentFigures(63.2812, 66.8207, (41.25, 80.5), "left"),
    SegmentFigures(22.865, 41.2432, None, "both"),
    SegmentFigures(0.0),
)
MADE_BY = {"algorithm": "Oncontour unet", "version": "1.2"}
SAID = {
    "number": 9005,
    "parameters": ["bundle unet, SHA-256 00ff"],
    "level": 0.95,
    "verdict": "warn",
    "findings": ["fluid in the tumour: 3.3 mL are as dark as fluid.", "foci: more than two."],
    "statement": "Research use only.",
}


def write(folder: Path, image, figures=FIGURES, **changes) -> Path:
    write_segmentation(nested(image), BRATS, image, folder / "seg.dcm", **MADE_BY)
    path = folder / "sr.dcm"
    write_measurement_report(figures, folder / "seg.dcm", image, path, **MADE_BY, **SAID | changes)
    return path


def test_the_procedure_is_a_code_of_the_standards_dictionary():
    known = codes.cid646.BrainMRI
    assert (BRAIN_MRI.value, BRAIN_MRI.scheme, BRAIN_MRI.meaning) == (
        known.value, known.scheme_designator, known.meaning,
    )  # fmt: skip


def test_highdicom_reads_every_group_back(tmp_path):
    path = write(tmp_path, series(tmp_path))
    seg = pydicom.dcmread(tmp_path / "seg.dcm")
    report = highdicom.sr.srread(path)
    groups = report.content.get_volumetric_roi_measurement_groups()
    assert len(groups) == len(FIGURES)
    for group, segment, figures in zip(groups, seg.SegmentSequence, FIGURES, strict=True):
        assert (group.tracking_identifier, group.tracking_uid) == (segment.TrackingID, segment.TrackingUID)
        assert group.finding_type == highdicom.sr.CodedConcept.from_dataset(
            segment.SegmentedPropertyTypeCodeSequence[0]
        )
        reference = group.referenced_segment
        assert reference[0].referenced_sop_instance_uid == seg.SOPInstanceUID
        assert reference[0].referenced_segment_numbers == [segment.SegmentNumber]
        measured = {item.name.meaning: (item.value, item.unit.value) for item in group.get_measurements()}
        expected = {"Volume": (figures.volume_ml, "mL")}
        if figures.longest_mm:
            expected["Diameter"] = (figures.longest_mm, "mm")
        assert measured == expected
        (site,) = group.finding_sites
        assert site.value.meaning == "Brain"


def limits(group) -> list[tuple[str, str, float]]:
    """Properties of a group's volume: (code, scheme, mL)."""
    (volume,) = [item for item in group[0].ContentSequence if item.name.meaning == "Volume"]
    items = volume.get("ContentSequence", ())
    return [
        (item.name.value, item.name.scheme_designator, float(item.MeasuredValueSequence[0].NumericValue))
        for item in items
    ]


def test_the_interval_stands_with_its_volume(tmp_path):
    report = highdicom.sr.srread(write(tmp_path, series(tmp_path)))
    first, second, _ = report.content.get_volumetric_roi_measurement_groups()
    assert limits(first) == [("PI95LOW", "99ONCONTOUR", 41.25), ("PI95HIGH", "99ONCONTOUR", 80.5)]
    assert limits(second) == []
    (scheme,) = report.CodingSchemeIdentificationSequence
    assert scheme.CodingSchemeDesignator == "99ONCONTOUR"


@pytest.mark.parametrize("figures", [FIGURES, (SegmentFigures(0.0),) * 3])
def test_the_object_is_valid(tmp_path, figures):
    assert errors(write(tmp_path, series(tmp_path), figures), "Comprehensive3DSR") == []


def test_dcmqi_reads_the_volumes(tmp_path):
    tool = shutil.which("tid1500reader", path=str(Path(sys.executable).parent)) or shutil.which("tid1500reader")
    if tool is None:
        pytest.skip("dcmqi is missing: that another program reads our SR is not tested")
    path = write(tmp_path, series(tmp_path))
    command = [tool, "--inputDICOM", str(path), "--outputMetadata", str(tmp_path / "sr.json")]
    subprocess.run(command, check=True, capture_output=True)
    read = json.loads((tmp_path / "sr.json").read_text())
    assert read["CompletionFlag"] == "COMPLETE"
    for number, (group, figures) in enumerate(zip(read["Measurements"], FIGURES, strict=True), start=1):
        assert group["ReferencedSegment"] == number
        values = {
            item["quantity"]["CodeMeaning"]: (float(item["value"]), item["units"]["CodeValue"])
            for item in group["measurementItems"]
        }
        assert values["Volume"] == (figures.volume_ml, "mL")
        assert values.get("Diameter") == ((figures.longest_mm, "mm") if figures.longest_mm else None)
        assert group.get("Laterality", {}).get("CodeMeaning") == {"left": "Left", "both": "Bilateral"}.get(
            figures.hemisphere
        )
        assert group["measurementAlgorithmIdentification"]["AlgorithmParameters"] == SAID["parameters"]


def test_dcmtk_prints_what_it_says(tmp_path):
    if not shutil.which("dsrdump"):
        pytest.skip("dsrdump (Debian package dcmtk) is missing: that another program reads our SR is not tested")
    path = write(tmp_path, series(tmp_path))
    said = subprocess.run(["dsrdump", "+Pl", str(path)], check=True, capture_output=True, text=True).stdout
    for text in ("63.2812", "41.25", "80.5", "A quality check warned", *SAID["findings"], SAID["statement"], "1.2"):
        assert text in said


def evidence(path: Path) -> set[tuple[str, str]]:
    """(SOP class, instance) of everything that an SR names as its evidence."""
    made = pydicom.dcmread(path)
    return {
        (item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID)
        for kind in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence")
        for study in made.get(kind, ())
        for one in study.ReferencedSeriesSequence
        for item in one.ReferencedSOPSequence
    }


def test_sources_and_seg_are_named_as_evidence(tmp_path):
    image = series(tmp_path)
    path = write(tmp_path, image)
    made = pydicom.dcmread(path)
    sources = [pydicom.dcmread(file) for file in (*image.files, tmp_path / "seg.dcm")]
    assert evidence(path) == {(one.SOPClassUID, one.SOPInstanceUID) for one in sources}
    assert made.StudyInstanceUID == sources[0].StudyInstanceUID
    assert (made.VerificationFlag, made.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")


def test_an_enhanced_source_is_named_as_what_it_is(tmp_path, factory):
    image = enhanced(tmp_path, factory)
    path = write(tmp_path, image)
    header = pydicom.dcmread(image.files[0])
    assert (header.SOPClassUID, header.SOPInstanceUID) in evidence(path)
    assert header.SOPClassUID == EnhancedMRImageStorage
    assert errors(path, "Comprehensive3DSR") == []


@pytest.mark.parametrize("character_set", NAMES)
def test_names_in_any_script_survive(tmp_path, character_set):
    image = series(tmp_path)
    name = rename(image, character_set)
    assert str(pydicom.dcmread(write(tmp_path, image)).PatientName) == name


@pytest.mark.filterwarnings("ignore:The value length")
def test_odd_headers_are_carried_over(tmp_path):
    image = series(tmp_path)

    def change(dataset):
        del dataset.StudyTime
        with pydicom.config.disable_value_validation():
            dataset.PatientID, dataset.PatientSex, dataset.PatientBirthDate = "x" * 70, "W", "unknown"

    change_headers(image, change)
    made = pydicom.dcmread(write(tmp_path, image))
    assert (made.PatientID, made.PatientSex, made.StudyTime) == ("x" * 70, "W", "")


def test_the_same_result_is_the_same_object(tmp_path):
    image = series(tmp_path)

    def uids(**changes):
        made = pydicom.dcmread(write(tmp_path, image, **changes))
        return {made.SOPInstanceUID, made.SeriesInstanceUID}

    first = uids()
    assert uids() == first
    assert not uids(verdict="ok") & first
    assert not uids(figures=(replace(FIGURES[0], volume_ml=63.3), *FIGURES[1:])) & first


def test_a_seg_of_other_segments_is_refused(tmp_path):
    with pytest.raises(OutputError, match="3 segments; expected 2"):
        write(tmp_path, series(tmp_path), FIGURES[:2])
    assert not (tmp_path / "sr.dcm").exists()
