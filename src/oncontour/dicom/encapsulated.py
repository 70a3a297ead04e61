"""The report's PDF as an Encapsulated PDF (PS3.3 A.45.1), so that it lies beside the images."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from oncontour.core.errors import OutputError
from oncontour.core.study import Image
from oncontour.dicom.derived import carried_over, new_object, save, source_header, uid

TITLE = "Brain tumour volumetry (research use only)"


def write_encapsulated_pdf(pdf: Path, source: Image, path: Path, *, number: int, algorithm: str, version: str) -> None:
    """Write a PDF as a DICOM object of the source's patient and study.

    Its UIDs follow from the PDF's bytes and the source: the same report sent twice is one object.

    Args:
        pdf: the file.
        source: any image of the study; read from DICOM.
        path: the file to write.
        number: SeriesNumber.
        algorithm: name of the algorithm, such as the bundle's name.
        version: its version.

    Raises:
        OutputError: the source is not DICOM, the PDF cannot be read, or the file cannot be written.
    """
    from pydicom.dataset import Dataset
    from pydicom.uid import EncapsulatedPDFStorage

    try:
        content = pdf.read_bytes()
    except OSError as error:
        found = f"a file that cannot be read ({error.strerror})"
        raise OutputError(pdf, found, "the report", "Write it first.") from error
    with carried_over():
        header = source_header(source)
        digest = sha256(content).hexdigest()
        made = new_object(
            EncapsulatedPDFStorage,
            header,
            modality="DOC",
            series=uid(header.SeriesInstanceUID, digest, "report series"),
            number=number,
            instance=uid(header.SeriesInstanceUID, digest, "report"),
            description=TITLE,
            algorithm=algorithm,
            version=version,
        )
        made.InstanceNumber = 1
        made.BurnedInAnnotation = "YES"  # the case's name stands on it, which may have been chosen after the patient
        made.AcquisitionDateTime = ""
        made.DocumentTitle = TITLE
        kind = Dataset()
        kind.CodeValue, kind.CodingSchemeDesignator, kind.CodeMeaning = "18748-4", "LN", "Diagnostic Imaging Report"
        made.ConceptNameCodeSequence = [kind]
        made.MIMETypeOfEncapsulatedDocument = "application/pdf"
        made.EncapsulatedDocumentLength = len(content)
        made.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
        of = Dataset()
        of.ReferencedSOPClassUID, of.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
        made.SourceInstanceSequence = [of]
    save(made, path)
