"""The bounded reading of UIDs, against pydicom's writer and against noise."""

import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from oncontour.node.spool.header import Identity, read_identity

from ..images import encoded, mr_image

SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]


def read(data: bytes, syntax: str = ExplicitVRLittleEndian) -> Identity | None:
    return read_identity(lambda offset, count: data[offset : offset + count], syntax)


def identity(dataset: Dataset) -> Identity:
    return Identity(dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID)


def undefined_lengths(dataset: Dataset) -> Dataset:
    sequence = dataset["ReferencedImageSequence"]
    sequence.is_undefined_length = True
    for item in sequence.value:
        item.is_undefined_length_sequence_item = True
    return dataset


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("change", [lambda dataset: dataset, undefined_lengths])
def test_uids_of_what_pydicom_writes(syntax, change):
    dataset = change(mr_image())
    dataset.PixelData = b"\0\0"
    assert read(encoded(dataset, syntax), syntax) == identity(dataset)


@given(size=st.integers(0, 200_000), syntax=st.sampled_from(SYNTAXES))
def test_uids_behind_a_large_private_element(size, syntax):
    """GE writes private groups ahead of 0020; the window moves on."""
    dataset = mr_image()
    dataset.private_block(0x0019, "MAKER", create=True).add_new(1, "OB", bytes(2 * size))
    assert read(encoded(dataset, syntax), syntax) == identity(dataset)


def test_unknown_vr_of_undefined_length_holds_implicit_vr():
    dataset = mr_image()
    explicit = encoded(dataset)
    inner = b"\xfe\xff\x00\xe0" + struct.pack("<I", 0xFFFFFFFF) + struct.pack("<HHI", 8, 0x60, 2) + b"MR"
    inner += b"\xfe\xff\x0d\xe0\0\0\0\0"
    private = struct.pack("<HH2sHI", 9, 0x1001, b"UN", 0, 0xFFFFFFFF) + inner + b"\xfe\xff\xdd\xe0\0\0\0\0"
    at = explicit.index(struct.pack("<HH", 0x10, 0x10))
    assert read(explicit[:at] + private + explicit[at:]) == identity(dataset)


@pytest.mark.parametrize("keyword", ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"])
def test_one_missing_is_none(keyword):
    dataset = mr_image()
    del dataset[keyword]
    assert read(encoded(dataset)) is None


@pytest.mark.parametrize("uid", [b"../../x ", b"1.2\x003", b"1." * 33, b"", b"1.2\n", "1.٣".encode()])
def test_what_is_no_uid_is_none(uid):
    data = encoded(mr_image(study="1.2.3.4567890"))
    at = data.index(b"1.2.3.4567890")
    length = struct.pack("<H", len(uid))
    assert read(data[: at - 2] + length + uid + data[at + 14 :]) is None


@given(data=st.binary(max_size=400), syntax=st.sampled_from(SYNTAXES))
def test_noise_raises_nothing(data, syntax):
    assert read(data, syntax) is None


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_cut_off_anywhere_it_is_the_image_or_none(syntax):
    """Half of a UID would be another image's."""
    dataset = mr_image(instance="1.2.3.4.5")
    data = encoded(dataset, syntax)
    found = {read(data[:cut], syntax) for cut in range(500)}
    assert found == {None, identity(dataset)}


@given(at=st.integers(0, 299), byte=st.integers(0, 255))
def test_damage_raises_nothing(at, byte):
    data = bytearray(encoded(mr_image(instance="1.2.3.4.5"))[:300])
    data[at] = byte
    read(bytes(data))


@pytest.mark.parametrize(
    "bomb",
    [
        struct.pack("<HH2sHI", 8, 0x1140, b"SQ", 0, 0xFFFFFFFF) * 4_000_000,
        (struct.pack("<HH2sH", 8, 0x5, b"CS", 0)) * 8_000_000,
    ],
    ids=["sequences within sequences", "elements without end"],
)
def test_bombs_end_quickly(bomb):
    began = time.process_time()
    assert read(bomb) is None
    assert time.process_time() - began < 5
