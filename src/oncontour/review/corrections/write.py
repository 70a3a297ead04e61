"""The files of a version, by the functions that write those of `oncontour segment`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import oncontour
from oncontour.core.labels import LabelScheme
from oncontour.core.study import Image
from oncontour.core.volume import Volume
from oncontour.data.files import read_json, write_json, write_whole
from oncontour.data.nifti import write_nifti

if TYPE_CHECKING:
    from oncontour.dicom.segmentation import Correction

SEGMENTATION, REGIONS, SEG, MACRO = "segmentation.nii.gz", "regions.nii.gz", "seg.dcm", "report-macro.txt"
PROVENANCE = "provenance.json"


def write_masks(
    folder: Path, regions: Volume, label_map: Volume, scheme: LabelScheme, made_from: Mapping[str, Any]
) -> None:
    """Masks, and what they measure.

    Args:
        regions: (R, i, j, k) boolean, of the regions of `scheme`.
        made_from: what `measurements.json` of the model's own result says.

    Raises:
        OutputError: disk full, no permission, and the like.
    """
    from oncontour.measure.regions import measure_regions
    from oncontour.pipeline.results import findings
    from oncontour.report.documents import corrected_document, midplane_of
    from oncontour.report.macro import macro

    measurements = measure_regions(regions, scheme, midplane_of(made_from))
    document = corrected_document(made_from, oncontour.__version__, findings(measurements), measurements)
    write_nifti(label_map, folder / SEGMENTATION, "uint8")
    write_nifti(regions, folder / REGIONS, "bool")
    write_json(folder / "measurements.json", document)
    write_whole(folder / MACRO, lambda part: part.write_text(macro(document), encoding="utf-8"))


def write_segmentation_object(
    path: Path,
    regions: Volume,
    scheme: LabelScheme,
    source: Image,
    provenance: Path,
    correction: Correction | None = None,
) -> None:
    """A DICOM SEG, where the study is DICOM.

    Args:
        provenance: `provenance.json` of the model's own result, which names the model.
        correction: by whom.

    Raises:
        OutputError: it could not be written, or did not read back as written.
    """
    if not source.dicom:
        return
    from oncontour.dicom.segmentation import write_segmentation

    bundle = _record(provenance).get("bundles", {}).get("tumour", {}).get("name", "")
    made_by = {"algorithm": f"Oncontour {bundle}".strip(), "version": oncontour.__version__}
    write_segmentation(regions, scheme, source, path, **made_by, correction=correction)


def is_dicom(provenance: Path) -> bool:
    """Whether a result was made of DICOM files."""
    return any("dicom_files" in one for one in _record(provenance).get("inputs", ()))


def _record(provenance: Path) -> dict[str, Any]:
    return read_json(provenance) if provenance.exists() else {}
