"""Writing in an image is seen; heads are not taken for writing."""

import numpy as np
import pydicom
import pytest
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset

from oncontour.dicom.deidentify.burnt_in import has_writing, pixel_reason
from oncontour.dicom.header import looks_like_dicom


def head(seed: int, shape=(192, 160)) -> np.ndarray:
    """A bright noisy ellipse in a dark noisy surrounding."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape)
    inside = ((y / shape[0] - 0.5) / 0.4) ** 2 + ((x / shape[1] - 0.5) / 0.4) ** 2 < 1
    return np.abs(rng.normal(0, 12, shape) + inside * rng.normal(600, 60, shape)).astype(np.uint16)


def written(picture: np.ndarray, text: str, size: int, row: int, ink: int) -> np.ndarray:
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), size)
    mask = Image.new("1", picture.shape[::-1])
    ImageDraw.Draw(mask).text((4, row), text, fill=1, font=font)
    return np.where(np.asarray(mask), ink, picture).astype(picture.dtype)


@pytest.mark.parametrize("seed", range(20))
def test_a_head_is_no_writing(seed):
    assert not has_writing(head(seed))


@pytest.mark.parametrize("text", ["MEIER HANS 12.03.1961", "Name: Smith", "ID 4711-0815"])
@pytest.mark.parametrize("size", [12, 16, 24])
@pytest.mark.parametrize(("row", "ink"), [(4, 4095), (90, 1200), (160, 800)])
def test_writing_is_seen(text, size, row, ink):
    assert has_writing(written(head(1), text, size, row, ink))


@pytest.mark.parametrize("value", [0, 7])
def test_an_even_picture_has_no_writing(value):
    assert not has_writing(np.full((64, 64), value, np.uint16))


def test_bits_outside_of_the_stored_ones_are_seen():
    pixels = head(2)[None]
    assert pixel_reason(pixels, 12) == ""
    assert "overlay" in pixel_reason(pixels | np.uint16(0x8000), 12)
    assert pixel_reason(pixels.astype(np.int16), 12) == ""


@pytest.mark.shared
def test_no_real_head_is_taken_for_writing(shared_data):
    pictures = 0
    for file in (shared_data / "dicom-vendors").rglob("*"):
        if not file.is_file() or not looks_like_dicom(file):
            continue
        array = pydicom.dcmread(file).pixel_array
        for picture in array if array.ndim == 3 else array[None]:
            assert not has_writing(picture), file.name
            pictures += 1
    assert pictures > 20


REFUSALS = {
    "burnt in": {"BurnedInAnnotation": "YES"},
    "screen capture": {"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]},
    "screen capture, secondary": {"SeriesDescription": "screen save"},
    "secondary capture": {"ConversionType": "WSD"},
    "Secondary Capture Image Storage": {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"},
    "Ultrasound": {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.6.1"},
    "Encapsulated PDF": {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"},
    "another modality": {"Modality": "CT"},
    "unknown kind": {"SOPClassUID": "1.2.3.4"},
    "private header": {"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]},
    "colour": {"PhotometricInterpretation": "PALETTE COLOR"},
    "cannot be read": {"PixelData": b"\0\0"},
    "size that the header says": {"BitsAllocated": 32, "PixelData": None, "FloatPixelData": b"\0\0\x80\x3f" * 480},
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_what_may_show_identity_is_refused_and_the_rest_exported(export, factory, study, reason):
    file = sorted(study.rglob("*.dcm"))[0]
    dataset = pydicom.dcmread(file)
    factory.put(dataset, REFUSALS[reason])
    factory.save(dataset, file)
    run = export(study)
    (refused,) = run.done.refused
    assert reason in refused.reason
    assert len(run.files) == 23
    assert refused.reason in (run.out / "refused.csv").read_text()
    assert "Secret" not in (run.out / "refused.csv").read_text()


def test_overlay_planes_are_refused(export, study):
    file = sorted(study.rglob("*.dcm"))[0]
    dataset: Dataset = pydicom.dcmread(file)
    dataset.add_new(0x60020010, "US", 4)
    dataset.save_as(file)
    (refused,) = export(study).done.refused
    assert "overlay plane" in refused.reason
