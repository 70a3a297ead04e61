"""The head of a file: ours read by pydicom, pydicom's read by us."""

from io import BytesIO

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from oncontour.node.spool.meta import FileMeta, read_meta, write_meta

from ..images import encoded, mr_image, save

UIDS = st.from_regex(r"[1-9](\.[1-9][0-9]{0,8}){0,6}", fullmatch=True)


@settings(max_examples=25)
@given(instance=UIDS, sender=st.from_regex(r"[A-Z0-9_]{1,16}", fullmatch=True))
def test_pydicom_reads_what_we_write(instance, sender):
    head = write_meta(MRImageStorage, instance, ExplicitVRLittleEndian, sender)
    file = pydicom.dcmread(BytesIO(head + encoded(mr_image(instance=instance))))
    meta = file.file_meta
    assert (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID) == (MRImageStorage, instance)
    assert (meta.TransferSyntaxUID, meta.SendingApplicationEntityTitle) == (ExplicitVRLittleEndian, sender)
    assert meta.FileMetaInformationGroupLength == len(head) - 144
    assert read_meta(head + b"\x08\0") == FileMeta(MRImageStorage, instance, ExplicitVRLittleEndian, sender, len(head))


def test_we_read_what_pydicom_writes(tmp_path):
    dataset = mr_image()
    data = save(dataset, tmp_path / "a.dcm").read_bytes()
    meta = read_meta(data)
    assert meta is not None
    assert data[meta.length :] == encoded(dataset)


@pytest.mark.parametrize("head", [b"", bytes(128) + b"DICM", bytes(200), b"\x89PNG" * 50])
def test_no_dicom_file_is_none(head):
    assert read_meta(head) is None


@given(cut=st.integers(0, 400))
def test_a_head_that_is_cut_off_is_none(cut):
    head = write_meta(MRImageStorage, "1.2.3", ExplicitVRLittleEndian, "SCANNER")
    found = read_meta((head + b"\x08\0")[:cut])
    assert (found is not None) == (cut >= len(head) + 2)
