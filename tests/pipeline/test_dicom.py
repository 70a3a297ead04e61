"""All DICOM objects of one case: they belong together, and each image is drawn on through its own registration."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest

from oncontour.core.checks import Check
from oncontour.core.labels import BRATS
from oncontour.core.sequence import Sequence
from oncontour.core.study import Image, Study
from oncontour.core.volume import Volume
from oncontour.dicom.write_series import SyntheticStudy, write_series
from oncontour.measure.regions import measure_regions
from oncontour.pipeline.dicom import DicomObjects, overlay_pictures
from oncontour.pipeline.masks import Masks
from oncontour.pipeline.outcome import CaseResult
from oncontour.preprocess.run import Prepared
from oncontour.report.case import STATEMENT

MOVED = np.eye(4)
MOVED[:3, 3] = (20.0, -12.0, 8.0)
"""From the world of T1CE to that of FLAIR, mm RAS+: the head moved between them."""

CENTRE = np.array([18.0, -6.0, 4.0])
"""Of the tumour, in the world of T1CE: on the patient's right."""


def noise(shape: tuple[int, int, int], spacing: tuple[float, float, float], codes: str) -> Volume:
    """An image about the world's origin; shape and spacing along R, A, S."""
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -np.array(spacing) * (np.array(shape) - 1) / 2
    return Volume(np.random.default_rng(0).random(shape).astype(np.float32), affine).reoriented(codes)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """(folder, study, prepared, masks, bundle, result) with every object written."""
    folder = tmp_path_factory.mktemp("objects")
    made = SyntheticStudy("t", 1)
    images = {}
    volumes = {
        Sequence.T1CE: noise((120, 120, 30), (2, 2, 4), "LPS"),
        Sequence.FLAIR: noise((100, 24, 110), (2.2, 6, 2.2), "LIP"),
    }
    for number, (sequence, volume) in enumerate(volumes.items(), start=3):
        files = write_series(volume, folder / "in", sequence=sequence, number=number, study=made, plane=None)
        images[sequence] = Image(sequence, volume, f"series {number}", files, dicom=True)
    reference = images[Sequence.T1CE].volume
    at = reference.grid.to_world(np.moveaxis(np.indices(reference.grid.shape), 0, -1))
    distance = np.linalg.norm(at - CENTRE, axis=-1)
    regions = reference.with_array(np.stack([distance < radius for radius in (22, 15, 9)]))
    masks = Masks(regions, reference.with_array(BRATS.decode(regions.array)), BRATS, regions)
    prepared = Prepared(
        Sequence.T1CE,
        reference.grid,
        {},
        {},
        reference.with_array(np.ones(reference.grid.shape, bool)),
        {Sequence.T1CE: np.eye(4), Sequence.FLAIR: MOVED},
    )
    (folder / "bundle").mkdir()
    (folder / "bundle" / "provenance.json").write_text("{}")
    bundle = SimpleNamespace(name="unet", folder=folder / "bundle", scheme=BRATS)
    checks = (Check("coverage", "warn", 0.9, "", "at least 0.95", "The field of view cuts the brain."),)
    measured = measure_regions(regions, BRATS)
    result = CaseResult("t", folder, Sequence.T1CE, (), measured, checks, (), 1.0, (), ())
    study = Study("t", images)
    (folder / "report.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
    objects = DicomObjects(folder, masks, images[Sequence.T1CE], bundle)
    objects.segmentation()
    objects.measurements(result)
    objects.report()
    objects.overlays(study, prepared, result)
    return folder, study, prepared, masks, bundle, result


def files(folder: Path) -> dict[str, Path]:
    """One file of each object."""
    overlays = {f"overlay {name}": folder / "overlay" / name / "0001.dcm" for name in ("T1CE", "FLAIR")}
    return {"seg": folder / "seg.dcm", "sr": folder / "sr.dcm", "report": folder / "report.dcm", **overlays}


def test_the_objects_belong_to_one_study_and_to_different_series(done):
    read = {name: pydicom.dcmread(path) for name, path in files(done[0]).items()}
    source = pydicom.dcmread(done[1].images[Sequence.T1CE].files[0])
    for made in read.values():
        for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "StudyDate"):
            assert made[keyword].value == source[keyword].value
        assert (made.Manufacturer, made.ManufacturerModelName) == ("Oncontour", "Oncontour unet")
        assert made.SoftwareVersions
        assert "research use" in made.SeriesDescription
        assert made.file_meta.MediaStorageSOPInstanceUID == made.SOPInstanceUID
    for keyword in ("SeriesNumber", "SeriesInstanceUID", "SOPInstanceUID", "SeriesDescription"):
        assert len({made[keyword].value for made in read.values()}) == len(read), keyword
    assert not list(done[0].rglob("*.part"))


def test_every_object_is_valid(done):
    if not shutil.which("dciodvfy"):
        pytest.skip("dciodvfy (Debian package dicom3tools) is missing: the objects' validity is not tested")
    for path in files(done[0]).values():
        said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        assert not [line for line in (said.stderr + said.stdout).splitlines() if line.startswith("Error")], path


def test_the_sr_says_what_was_measured(done):
    import highdicom

    report = highdicom.sr.srread(done[0] / "sr.dcm")
    groups = report.content.get_volumetric_roi_measurement_groups()
    for group, measured in zip(groups, done[5].measurements, strict=True):
        values = {item.name.meaning: item.value for item in group.get_measurements()}
        assert values == {
            "Volume": pytest.approx(measured.volume_ml, abs=1e-4),
            "Diameter": pytest.approx(measured.longest_mm, abs=1e-4),
        }
    (evaluations,) = [
        item
        for item in report.ContentSequence
        if item.ConceptNameCodeSequence[0].CodeMeaning == "Qualitative Evaluations"
    ]
    said = [item.get("TextValue") for item in evaluations.ContentSequence]
    assert said == [None, "coverage: The field of view cuts the brain.", STATEMENT]


@pytest.mark.parametrize(("sequence", "transform"), [(Sequence.T1CE, np.eye(4)), (Sequence.FLAIR, MOVED)])
def test_outlines_lie_on_the_tumour_of_each_image(done, sequence, transform):
    """By the file's own geometry alone: coloured pixels lie at the ball's surface in that image's world."""
    centre = (transform @ [*CENTRE, 1])[:3]
    found = {region.name: [] for region in BRATS.regions}
    slices = [pydicom.dcmread(path) for path in sorted((done[0] / "overlay" / sequence).iterdir())]
    words = slices[0].pixel_array  # no tumour there; what is written is the same on all
    for made in slices[1:]:
        axes = np.reshape(made.ImageOrientationPatient, (2, 3)).astype(float)
        origin = np.array(made.ImagePositionPatient, float)
        for region in BRATS.regions:
            coloured = [(pixels == region.colour).all(-1) for pixels in (made.pixel_array, words)]
            row, column = np.nonzero(coloured[0] & ~coloured[1])
            between_rows, between_columns = map(float, made.PixelSpacing)
            at = origin + column[:, None] * axes[0] * between_columns + row[:, None] * axes[1] * between_rows
            found[region.name].append(at * (-1, -1, 1))
    spacing = max(done[1].images[sequence].volume.grid.spacing)
    for (name, places), radius in zip(found.items(), (22, 15, 9), strict=True):
        positions = np.concatenate(places)
        assert len(positions) > 30, name
        distance = np.linalg.norm(positions - centre, axis=1)
        assert distance.max() < radius + spacing
        assert np.linalg.norm((positions.min(0) + positions.max(0)) / 2 - centre) < spacing


def test_pictures_show_an_images_own_slices(done):
    _, study, prepared, masks, bundle, result = done
    image = study.images[Sequence.FLAIR]
    pictures = overlay_pictures(image, masks, prepared, bundle, result.measurements)
    i, j, k = image.volume.grid.shape
    assert pictures.shape == (k, j, i, 3)
