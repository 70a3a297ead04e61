"""A SEG that differs from its mask in any way must not pass."""

import numpy as np
import pydicom
import pytest

from oncontour.core.errors import OutputError
from oncontour.core.labels import BRATS
from oncontour.core.sequence import Sequence
from oncontour.core.study import Image
from oncontour.core.volume import Volume
from oncontour.dicom.segmentation import write_segmentation
from oncontour.dicom.verify import verify_segmentation
from oncontour.dicom.write_series import SyntheticStudy, write_series

SHAPE = (11, 8, 6)
AFFINE = np.array([[-0.9, 0, 0, 40], [0, -1.2, 0.3, 30], [0, 0.4, 2.8, -20], [0, 0, 0, 1.0]])
AFFINE[:3, :3] = np.linalg.qr(AFFINE[:3, :3])[0] * (0.9, 1.3, 2.8)


@pytest.fixture
def written(tmp_path):
    """A SEG and the masks that it was made from; their centroid is the volume's centre, so a flip keeps it."""
    volume = Volume(np.random.default_rng(0).random(SHAPE).astype(np.float32), AFFINE)
    study = SyntheticStudy("t", 1)
    files = write_series(volume, tmp_path / "t1ce", sequence=Sequence.T1CE, number=4, study=study, plane=None)
    array = np.zeros((3, *SHAPE), dtype=bool)
    array[0, 1:4, 1:3, 1:3] = True
    array[0] |= array[0, ::-1, ::-1, ::-1]
    array[1] = array[0]
    array[1, :2] = array[1, -2:] = False
    regions = Volume(array, AFFINE)
    path = tmp_path / "seg.dcm"
    image = Image(Sequence.T1CE, volume, "series 4", files, dicom=True)
    write_segmentation(regions, BRATS, image, path, algorithm="a", version="1")
    return path, regions


def test_what_was_written_passes_and_says_so(written):
    path, regions = written
    checks = verify_segmentation(path, regions, BRATS)
    assert [check.name for check in checks] == ["DICOM SEG WT", "DICOM SEG TC", "DICOM SEG ET"]
    assert [check.verdict for check in checks] == ["ok"] * 3
    assert max(check.value for check in checks[:2]) < 1e-6
    assert checks[2].value is None
    volume_ml = np.count_nonzero(regions.array[0]) * abs(np.linalg.det(AFFINE[:3, :3])) / 1000
    assert f"24 voxels, {volume_ml:.2f} mL" in checks[0].message


def frames_of(dataset) -> np.ndarray:
    """(frame, row, column) pixels."""
    bits = np.unpackbits(np.frombuffer(dataset.PixelData, np.uint8), bitorder="little")
    shape = (int(dataset.NumberOfFrames), dataset.Rows, dataset.Columns)
    return bits[: np.prod(shape)].reshape(shape)


def put_frames(dataset, frames: np.ndarray) -> None:
    packed = np.packbits(frames.ravel(), bitorder="little").tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)


def move(dataset, offset_mm: tuple[float, float, float]) -> None:
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        plane = frame.PlanePositionSequence[0]
        plane.ImagePositionPatient = [
            f"{float(v) + o:.6f}" for v, o in zip(plane.ImagePositionPatient, offset_mm, strict=True)
        ]


def flip_columns(dataset):
    put_frames(dataset, frames_of(dataset)[:, :, ::-1])


def flip_rows(dataset):
    put_frames(dataset, frames_of(dataset)[:, ::-1])


def flip_slices(dataset):
    positions = [frame.PlanePositionSequence for frame in dataset.PerFrameFunctionalGroupsSequence]
    slices = len(positions) // 3
    for n, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        segment, k = divmod(n, slices)
        frame.PlanePositionSequence = positions[segment * slices + slices - 1 - k]


def shift_half_a_voxel(dataset):
    move(dataset, (0.45, 0, 0))


def shift_one_slice(dataset):
    normal = np.linalg.qr(AFFINE[:3, :3])[0][:, 2] * 2.8
    move(dataset, tuple(normal * (-1, -1, 1)))


def drop_one_voxel(dataset):
    frames = frames_of(dataset).copy()
    frames[tuple(np.argwhere(frames)[0])] = 0
    put_frames(dataset, frames)


def add_one_voxel(dataset):
    frames = frames_of(dataset).copy()
    frames[-1, 0, 0] = 1
    put_frames(dataset, frames)


def turn(dataset):
    orientation = dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
    cosines = np.array(orientation.ImageOrientationPatient, dtype=float)
    orientation.ImageOrientationPatient = [f"{value:.8f}" for value in (*-cosines[:3], *cosines[3:])]


def stretch(dataset):
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    measures.PixelSpacing = [float(value) * 1.05 for value in measures.PixelSpacing]


def thicken(dataset):
    dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices = 3.5


def put_two_frames_at_one_place(dataset):
    first, second = dataset.PerFrameFunctionalGroupsSequence[:2]
    second.PlanePositionSequence = first.PlanePositionSequence


def swap_segments(dataset):
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        item = frame.SegmentIdentificationSequence[0]
        item.ReferencedSegmentNumber = {1: 2, 2: 1, 3: 3}[item.ReferencedSegmentNumber]


def rename_segment(dataset):
    dataset.SegmentSequence[0].SegmentLabel = "tumour core"


def drop_segment(dataset):
    del dataset.SegmentSequence[2]
    frames = dataset.PerFrameFunctionalGroupsSequence
    kept = [n for n, f in enumerate(frames) if f.SegmentIdentificationSequence[0].ReferencedSegmentNumber != 3]
    put_frames(dataset, frames_of(dataset)[kept])
    dataset.PerFrameFunctionalGroupsSequence = [frames[n] for n in kept]
    dataset.NumberOfFrames = len(kept)


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (flip_columns, "voxels outside the mask"),
        (flip_rows, "voxels outside the mask"),
        (flip_slices, "voxels outside the mask"),
        (shift_half_a_voxel, "mm off|outside the mask"),
        (shift_one_slice, "voxels outside the mask"),
        (drop_one_voxel, "23 voxels; expected 24"),
        (add_one_voxel, "segment ET: found 1 voxels; expected 0"),
        (turn, "voxels outside the mask"),
        (stretch, "mm off|outside the mask"),
        (thicken, "mm3"),
        (put_two_frames_at_one_place, "4 frames at 3 places"),
        (swap_segments, "voxels; expected 24"),
        (rename_segment, "label"),
        (drop_segment, "2 segments; expected 3"),
    ],
)
def test_tampering_is_found(written, tamper, message):
    path, regions = written
    dataset = pydicom.dcmread(path)
    tamper(dataset)
    dataset.save_as(path)
    with pytest.raises(OutputError, match=message):
        verify_segmentation(path, regions, BRATS)


def test_a_mask_mirrored_after_writing_is_found(written):
    path, regions = written
    for axis in (1, 2, 3):
        with pytest.raises(OutputError, match="outside the mask"):
            verify_segmentation(path, Volume(np.flip(regions.array, axis), AFFINE), BRATS)
