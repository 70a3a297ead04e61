"""The report as a DICOM object: the same bytes come out."""

import shutil
import subprocess
from dataclasses import replace

import pydicom
import pytest

from oncontour.core.errors import OutputError
from oncontour.dicom.encapsulated import write_encapsulated_pdf

from .objects import NAMES, errors, rename, series

BY = {"number": 9006, "algorithm": "Oncontour unet", "version": "1.2"}


def pdf(folder, length: int):
    """A file that begins as PDFs do, of an even or odd length."""
    path = folder / "report.pdf"
    path.write_bytes(b"%PDF-1.4\n" + bytes(length - 15) + b"\n%%EOF")
    return path


@pytest.mark.parametrize("length", [1000, 1001])
def test_the_pdf_comes_back_as_it_was(tmp_path, length):
    image, path = series(tmp_path), tmp_path / "report.dcm"
    source = pdf(tmp_path, length)
    write_encapsulated_pdf(source, image, path, **BY)
    made = pydicom.dcmread(path)
    assert made.EncapsulatedDocument[: made.EncapsulatedDocumentLength] == source.read_bytes()
    assert made.SeriesNumber == 9006
    assert made.SourceInstanceSequence[0].ReferencedSOPInstanceUID == pydicom.dcmread(image.files[0]).SOPInstanceUID
    assert errors(path, "EncapsulatedPDF") == []
    if not shutil.which("dcm2pdf"):
        pytest.skip("dcm2pdf (Debian package dcmtk) is missing: that another program extracts our PDF is not tested")
    subprocess.run(["dcm2pdf", str(path), str(tmp_path / "out.pdf")], check=True, capture_output=True)
    assert (tmp_path / "out.pdf").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("character_set", NAMES)
def test_names_in_any_script_survive(tmp_path, character_set):
    image = series(tmp_path)
    name = rename(image, character_set)
    write_encapsulated_pdf(pdf(tmp_path, 1000), image, tmp_path / "report.dcm", **BY)
    assert str(pydicom.dcmread(tmp_path / "report.dcm").PatientName) == name


def test_the_same_report_is_the_same_object(tmp_path):
    image = series(tmp_path)

    def uids(length):
        write_encapsulated_pdf(pdf(tmp_path, length), image, tmp_path / "report.dcm", **BY)
        made = pydicom.dcmread(tmp_path / "report.dcm")
        return made.SOPInstanceUID, made.SeriesInstanceUID

    assert uids(1000) == uids(1000)
    assert not set(uids(1000)) & set(uids(1002))


def test_what_cannot_be_read_or_written_is_an_output_error(tmp_path):
    image = series(tmp_path)
    with pytest.raises(OutputError, match=r"report\.pdf"):
        write_encapsulated_pdf(tmp_path / "report.pdf", image, tmp_path / "report.dcm", **BY)
    with pytest.raises(OutputError, match="NIfTI"):
        write_encapsulated_pdf(pdf(tmp_path, 100), replace(image, dicom=False), tmp_path / "report.dcm", **BY)
    with pytest.raises(OutputError, match="no such folder"):
        write_encapsulated_pdf(pdf(tmp_path, 100), image, tmp_path / "no such folder" / "report.dcm", **BY)
    assert not list(tmp_path.rglob("*.part"))
