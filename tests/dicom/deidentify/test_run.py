"""An export holds no identity, and everything that the pipeline reads."""

import csv
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from struct import pack

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import config
from pydicom.datadict import DicomDictionary, dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from oncontour.core.errors import InputError, NotAStudyError, OutputError
from oncontour.core.sequence import Sequence
from oncontour.dicom.deidentify.dataset import surviving
from oncontour.dicom.deidentify.key import Key
from oncontour.dicom.deidentify.profile import load_profile
from oncontour.dicom.deidentify.run import deidentify
from oncontour.dicom.deidentify.values import Patient
from oncontour.dicom.facts import facts_of
from oncontour.dicom.find import find_studies
from oncontour.dicom.header import read_header
from oncontour.dicom.pixels import read_series
from oncontour.dicom.study import read_study

PLANTED = "QZXSecretQZX"
"""A name that no table holds."""

TEXT_VRS = ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
BYTE_VRS = ("OB", "OW", "UN")
ALLOWED = sorted(tag for tag in load_profile().actions if dictionary_VR(tag) != "SQ")
CODE = {tag_for_keyword(keyword) for keyword in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")}
SEQUENCES = sorted(tag for tag in load_profile().actions if dictionary_VR(tag) == "SQ")
ANY = sorted(tag for tag, entry in DicomDictionary.items() if entry[0] in (*TEXT_VRS, "UN", "OB") and tag >> 16 > 7)


SAFE_AND_NOT = [(one.creator, one.group, one.element) for one in load_profile().private]
SAFE_AND_NOT += [(PLANTED, 0x0029, 0x10), ("SIEMENS CSA HEADER", 0x0029, 0x10), ("SIEMENS MR HEADER", 0x0019, 0x08)]

CREATORS = {one.creator for one in load_profile().private}

TEXTS = (
    PLANTED,
    PLANTED[:8],
    PLANTED.upper(),
    f"1\\{PLANTED}",
    f"20240501{PLANTED}",
    f"1.2.{PLANTED}",
    f"{PLANTED}^t1",
)


@dataclass(frozen=True)
class Planted:
    """What to write: (element, VR, text), private (creator, group, element) and VR, sequences with their items."""

    elements: list[tuple[int, str, str]]
    private: list[tuple[tuple[str, int, int], str]]
    sequences: list[tuple[int, list["Planted"]]]

    def encode(self, explicit: bool) -> bytes:
        """Little endian, as PS3.5 section 7.1 has it; bytes need not be what the VR says."""
        values = {tag: (vr, text.encode()) for tag, vr, text in self.elements}
        for n, ((creator, group, number), vr) in enumerate(self.private):
            values[group << 16 | 0x10 + n] = ("LO", creator.encode())
            values[group << 16 | 0x10 + n << 8 | number] = (vr, PLANTED.encode())
        for tag, items in self.sequences:
            inner = (item.encode(explicit) for item in items)
            values[tag] = ("SQ", b"".join(pack("<HHI", 0xFFFE, 0xE000, len(item)) + item for item in inner))
        return b"".join(encode(tag, vr, value, explicit) for tag, (vr, value) in sorted(values.items()))


def encode(tag: int, vr: str, value: bytes, explicit: bool) -> bytes:
    value += b" " * (len(value) % 2)
    head = pack("<HH", tag >> 16, tag & 0xFFFF)
    if not explicit:
        return head + pack("<I", len(value)) + value
    long = vr in ("OB", "OW", "SQ", "UC", "UN", "UR", "UT")
    return head + vr.encode() + (pack("<HI", 0, len(value)) if long else pack("<H", len(value))) + value


@st.composite
def plans(draw, depth: int = 2) -> Planted:
    """The name in allowed and other elements, in right and wrong VRs, private and nested."""
    tags, vrs = st.sampled_from(ALLOWED) | st.sampled_from(ANY), st.sampled_from((*TEXT_VRS, *BYTE_VRS))
    outer = st.sampled_from([*SEQUENCES, tag_for_keyword("RequestAttributesSequence")])
    return Planted(
        draw(st.lists(st.tuples(tags, vrs, st.sampled_from(TEXTS)), max_size=12)),
        draw(st.lists(st.tuples(st.sampled_from(SAFE_AND_NOT), st.sampled_from(("LO", "UN", "CS", "FD"))), max_size=3)),
        draw(st.lists(st.tuples(outer, st.lists(plans(depth - 1), max_size=2)), max_size=3)) if depth else [],
    )


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(plan=plans(), charset=st.sampled_from(["ISO_IR 100", "ISO_IR 192", PLANTED]), explicit=st.booleans())
def test_no_planted_name_survives(tmp_path, plan, charset, explicit):
    given = encode(0x00080005, "CS", charset.encode(), explicit) + plan.encode(explicit)
    with config.disable_value_validation():
        kept = surviving(read_dataset(BytesIO(given), not explicit, True), Patient(Key(b"k" * 32), 100))
        pydicom.dcmwrite(tmp_path / "out.dcm", kept, implicit_vr=False, little_endian=True)
    assert b"QZX" not in (tmp_path / "out.dcm").read_bytes().upper()
    assert set(kept.keys()) <= {*load_profile().actions, *CODE, *private_tags(kept)}
    assert {one.private_creator for one in kept if one.tag.is_private and not one.tag.is_private_creator} <= CREATORS


def private_tags(dataset: Dataset) -> set[int]:
    return {tag for tag in dataset.keys() if tag.is_private}  # noqa: SIM118


def plant_everywhere(dataset: Dataset) -> Dataset:
    """A whole image with the name in what the program does not keep and in all free text that it looks at."""
    for keyword in ("PatientName", "PatientID", "OtherPatientIDs", "InstitutionName", "StationName", "OperatorsName"):
        setattr(dataset, keyword, f"{PLANTED}^{keyword}")
    for keyword in ("PatientComments", "ImageComments", "AdditionalPatientHistory", "RequestedProcedureDescription"):
        setattr(dataset, keyword, f"{PLANTED} ärztin")
    for keyword in ("StudyDescription", "ProtocolName", "ContrastBolusAgent", "SequenceName", "ManufacturerModelName"):
        setattr(dataset, keyword, PLANTED)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SeriesDescription = f"{dataset.SeriesDescription} {PLANTED}"
    dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", PLANTED.encode())
    dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", "1000")
    dataset.PixelData += PLANTED.encode()
    dataset.preamble = (PLANTED * 11)[:128].encode()
    return dataset


def images(folder: Path) -> dict[Sequence, tuple[np.ndarray, np.ndarray]]:
    (study,) = find_studies(folder, folder.parent)
    return {name: (one.volume.array, one.volume.affine) for name, one in read_study(study).images.items()}


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_the_reader_gives_the_same_images(export, factory, study, syntax):
    for file in sorted(study.rglob("*.dcm")):
        dataset = Dataset()
        dataset.update(plant_everywhere(pydicom.dcmread(file)))
        dataset.PixelData = dataset.PixelData[: 2 * dataset.Rows * dataset.Columns]
        factory.save(dataset, file, syntax)
    before = images(study)
    run = export(study)
    assert len(run.files) == 24
    assert not run.done.refused
    after = images(run.out)
    assert set(before) == set(after) == {Sequence.T1CE, Sequence.T2}
    for name, (array, affine) in before.items():
        assert np.array_equal(array, after[name][0])
        assert np.array_equal(affine, after[name][1])
    assert not [file for file in run.files if PLANTED.encode().upper() in file.read_bytes().upper()]
    assert all(one.private_block(0x19, "SIEMENS MR HEADER")[0x0C].value == 1000 for one in run.read)
    assert {len(private_tags(one)) for one in run.read} == {2}


def test_nothing_hides_in_preamble_names_or_behind_the_pixels(export, study):
    for file in sorted(study.rglob("*.dcm")):
        plant_everywhere(pydicom.dcmread(file)).save_as(file.with_name(f"{PLANTED}-{file.name}"))
        file.unlink()
    run = export(study)
    assert len(run.files) == 24
    for path in run.out.rglob("*"):
        assert PLANTED not in str(path.relative_to(run.out))
        assert path.is_dir() or PLANTED.encode() not in path.read_bytes()


def compressed_by_pydicom(file: Path) -> None:
    dataset = pydicom.dcmread(file)
    dataset.compress(RLELossless)
    dataset.save_as(file)


def compressed_by_dcmtk(file: Path) -> None:
    if not shutil.which("dcmcjpeg"):
        pytest.skip("dcmcjpeg (Debian package dcmtk) is missing: JPEG not tested")
    subprocess.run(["dcmcjpeg", "--encode-lossless-sv1", file, file], check=True)
    stream = file.read_bytes()
    place = stream.rindex(b"\xff\xd8") + 2  # a comment after the start of the image, in place of the fragment's padding
    comment = b"\xff\xfe" + (len(PLANTED) + 2).to_bytes(2, "big") + PLANTED.encode()
    length = int.from_bytes(stream[place - 6 : place - 2], "little") + len(comment)
    file.write_bytes(stream[: place - 6] + length.to_bytes(4, "little") + b"\xff\xd8" + comment + stream[place:])


@pytest.mark.parametrize("compress", [compressed_by_pydicom, compressed_by_dcmtk])
def test_compressed_pixels_come_out_native_and_equal(export, study, compress):
    """What else stands in a compressed stream does not come out."""
    file = sorted(study.rglob("*.dcm"))[0]
    pixels = pydicom.dcmread(file).pixel_array
    compress(file)
    run = export(study)
    assert not run.done.refused
    assert {one.file_meta.TransferSyntaxUID for one in run.read} == {ExplicitVRLittleEndian}
    assert any(np.array_equal(one.pixel_array, pixels) for one in run.read)
    assert not [file for file in run.files if PLANTED.encode() in file.read_bytes()]


def refer(study: Path) -> None:
    """Let every image name the one before, in the open and nested."""
    before = None
    for file in sorted(study.rglob("*.dcm")):
        dataset = pydicom.dcmread(file)
        if before is not None:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = before.SOPClassUID, before.SOPInstanceUID
            series = Dataset()
            series.SeriesInstanceUID, series.ReferencedSOPSequence = before.SeriesInstanceUID, [item]
            evidence = Dataset()
            evidence.StudyInstanceUID, evidence.ReferencedSeriesSequence = before.StudyInstanceUID, [series]
            dataset.ReferencedImageSequence, dataset.SourceImageEvidenceSequence = [item], [evidence]
        dataset.save_as(file)
        before = dataset


def uids(dataset: Dataset) -> set[str]:
    """Every UID of a data set but the standard's."""
    found = set()
    for one in dataset.iterall():
        if one.VR == "UI" and not str(one.value).startswith("1.2.840.10008."):
            found.add(str(one.value))
    return found


def test_references_lead_where_they_led(export, study):
    refer(study)
    old = [pydicom.dcmread(file) for file in sorted(study.rglob("*.dcm"))]
    run = export(study)
    key = Key(bytes.fromhex((run.out.parent / "key").read_text()))
    new = {str(one.SOPInstanceUID): one for one in run.read}
    for one in old:
        assert {key.uid(uid) for uid in uids(one)} == uids(new[key.uid(one.SOPInstanceUID)])
    referenced = [
        one.ReferencedImageSequence[0].ReferencedSOPInstanceUID for one in run.read if "ReferencedImageSequence" in one
    ]
    assert len(referenced) == 23
    assert set(referenced) <= set(new)
    assert all(one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID for one in run.read)


def test_two_runs_agree_and_another_key_does_not(export, study):
    one, other, foreign = export(study), export(study), export(study, key="foreign")
    assert [file.read_bytes() for file in one.files] == [file.read_bytes() for file in other.files]
    assert [str(file.relative_to(one.out)) for file in one.files] == [
        str(f.relative_to(other.out)) for f in other.files
    ]
    assert not {uid for d in one.read for uid in uids(d)} & {uid for d in foreign.read for uid in uids(d)}
    assert one.done.series[0].patient != foreign.done.series[0].patient


def test_a_patients_visits_keep_their_distance_and_another_patient_has_another_one(export, factory, tmp_path):
    for name, patient, dates in (("a", "P-1", ("20200101", "20210101")), ("b", "P-2", ("20200101", "20210101"))):
        for visit, date in enumerate(dates):
            shared = factory.new_study() | {"PatientID": patient, "StudyDate": date, "AcquisitionDate": date}
            (plane,) = factory.series_planes(np.arange(480, dtype=np.uint16).reshape(24, 20, 1), **shared)
            factory.save(plane, tmp_path / "many" / f"{name}{visit}.dcm")
    run = export(tmp_path / "many")
    from datetime import datetime

    days = {}
    for one in run.read:
        days.setdefault(one.PatientID, []).append(datetime.strptime(one.StudyDate, "%Y%m%d"))
        assert one.StudyDate == one.AcquisitionDate
        assert one.AcquisitionTime == "101500"
    assert [abs((second - first).days) for first, second in days.values()] == [366, 366]
    assert len({min(dates) for dates in days.values()}) == 2
    assert all(max(dates) < datetime(2021, 1, 1) for dates in days.values())


def test_what_was_done_is_declared(export, study):
    one = export(study).read[0]
    assert one.PatientIdentityRemoved == "YES"
    assert one.LongitudinalTemporalInformationModified == "MODIFIED"
    assert one.RecognizableVisualFeatures == "YES"
    assert one.PatientName == one.PatientID != ""
    codes = {item.CodeValue for item in one.DeidentificationMethodCodeSequence}
    assert codes == {"113100", "113105", "113107", "113108", "113111"}
    assert all(len(text) <= 64 for text in one.DeidentificationMethod)


def test_codes_keep_the_standards_meaning_alone(export, factory, study):
    for file in sorted(study.rglob("*.dcm")):
        dataset = pydicom.dcmread(file)
        items = []
        for value, scheme in (("12738006", "SCT"), ("T-A0100", "SRT"), (PLANTED, "99SECRET"), ("12738006", PLANTED)):
            item = Dataset()
            item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, PLANTED
            items.append(item)
        dataset.AnatomicRegionSequence = items
        dataset.save_as(file)
    codes = [(c.CodeValue, c.CodeMeaning) for c in export(study).read[0].AnatomicRegionSequence]
    assert codes == [("12738006", "Brain"), ("T-A0100", "Brain"), ("261665006", "Unknown"), ("261665006", "Unknown")]


def test_unlike_image_types_stay_unlike(export, study):
    for n, file in enumerate(sorted(study.rglob("*.dcm"))):
        dataset = pydicom.dcmread(file)
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", f"SECRET{n % 2}"]
        dataset.save_as(file)
    kinds = {tuple(one.ImageType) for one in export(study).read}
    assert len(kinds) == 2
    assert all(kind[:3] == ("ORIGINAL", "PRIMARY", "M") and kind[3].startswith("X_") for kind in kinds)


def test_two_patients_in_one_study_are_refused(export, study):
    file = sorted(study.rglob("*.dcm"))[0]
    dataset = pydicom.dcmread(file)
    dataset.PatientID = "P-2"
    dataset.save_as(file)
    with pytest.raises(NotAStudyError, match="several patient identifiers"):
        export(study)


def test_a_patient_without_identifier_is_known_by_name(export, factory, tmp_path):
    for n, name in enumerate(("Secret^Anna", "SECRET^ANNA", "Other^Anna")):
        shared = factory.new_study() | {"PatientID": "", "PatientName": name}
        (plane,) = factory.series_planes(np.arange(480, dtype=np.uint16).reshape(24, 20, 1), **shared)
        factory.save(plane, tmp_path / "many" / f"{n}.dcm")
    assert len({one.patient for one in export(tmp_path / "many").done.series}) == 2


def test_the_crosswalk_leads_back_and_is_for_its_owner_alone(export, study, tmp_path):
    run = export(study, crosswalk=tmp_path / "crosswalk.csv")
    assert stat.S_IMODE((tmp_path / "crosswalk.csv").stat().st_mode) == 0o600
    rows = list(csv.DictReader((tmp_path / "crosswalk.csv").open()))
    assert len(rows) == 24
    for row in rows:
        old, new = pydicom.dcmread(row["source"]), pydicom.dcmread(run.out / row["file"])
        assert (row["old_patient"], row["old_instance"]) == (old.PatientID, old.SOPInstanceUID)
        assert (row["patient"], row["instance"]) == (new.PatientID, new.SOPInstanceUID)
        assert np.array_equal(old.pixel_array, new.pixel_array)


def test_secrets_lie_together_and_apart_from_the_export(study, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(InputError, match="inside the export"):
        deidentify(study, tmp_path / "out", tmp_path / "out" / "key")
    with pytest.raises(InputError, match="another folder than the key's"):
        deidentify(study, tmp_path / "out", tmp_path / "key", tmp_path / "elsewhere" / "crosswalk.csv")
    (tmp_path / "crosswalk.csv").touch()
    with pytest.raises(InputError, match="a file that is there"):
        deidentify(study, tmp_path / "out", tmp_path / "key", tmp_path / "crosswalk.csv")
    with pytest.raises(OutputError, match="new or empty folder"):
        deidentify(study, study, tmp_path / "key")
    assert not (tmp_path / "key").exists()


def test_a_folder_without_images_is_an_error(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text(PLANTED)
    with pytest.raises(NotAStudyError, match="1 files, none to export"):
        deidentify(tmp_path / "empty", tmp_path / "out", tmp_path / "key")


def complaints(file: Path) -> set[str]:
    """Errors of dciodvfy, without the values that they quote."""
    said = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, errors="replace", check=False)
    lines = (said.stderr + said.stdout).splitlines()
    return {re.sub(r"= *<[^>]*>|\[\d+\]", "", line) for line in lines if line.startswith("Error")}


@pytest.mark.shared
@pytest.mark.parametrize("vendor", ["ge", "philips", "philips_enhanced", "siemens", "hitachi"])
def test_real_headers_say_the_same_and_gain_no_error(export, shared_data, vendor, tmp_path):
    source = shared_data / "dicom-vendors" / vendor / "anatomical" / "001"
    crosswalk = tmp_path / "crosswalk.csv"
    run = export(source, crosswalk=crosswalk)
    pairs = [(Path(row["source"]), run.out / row["file"]) for row in csv.DictReader(crosswalk.open()) if row["file"]]
    assert pairs
    for old, new in pairs:
        before, after = read_header(old), read_header(new)
        assert len(before.frames) == len(after.frames)
        for one, other in zip(before.frames, after.frames, strict=True):
            assert facts_of(one.evidence) == facts_of(other.evidence)
            assert (one.position, one.orientation, one.pixel_spacing) == (
                other.position,
                other.orientation,
                other.pixel_spacing,
            )
            assert (one.slope, one.intercept) == (other.slope, other.intercept)
    if not shutil.which("dciodvfy"):
        pytest.skip("dciodvfy (Debian package dicom3tools) is missing: the headers' validity is not tested")
    assert complaints(pairs[0][1]) <= complaints(pairs[0][0])


@pytest.mark.shared
def test_real_enhanced_objects_read_the_same(export, shared_data):
    source = shared_data / "dicom-vendors" / "philips_enhanced" / "anatomical" / "001"
    run = export(source)
    (before,), (after,) = find_studies(source, source), find_studies(run.out, run.out)
    one, other = (read_series(study.series[0]).volume for study in (before, after))
    assert np.array_equal(one.array, other.array)
    assert np.array_equal(one.affine, other.affine)


def test_a_synthetic_series_stays_valid(export, tmp_path):
    from oncontour.core.volume import Volume
    from oncontour.dicom.write_series import SyntheticStudy, write_series

    if not shutil.which("dciodvfy"):
        pytest.skip("dciodvfy (Debian package dicom3tools) is missing: the headers' validity is not tested")
    volume = Volume(np.random.default_rng(0).random((20, 24, 6)), np.diag([1.0, 1.0, 3.0, 1.0]))
    write_series(volume, tmp_path / "in", sequence=Sequence.T1CE, number=1, study=SyntheticStudy("test", 1, "20200101"))
    assert complaints(export(tmp_path / "in").files[0]) == set()
