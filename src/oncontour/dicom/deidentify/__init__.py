"""De-identification for research export: what survives is listed, everything else goes."""

from oncontour.dicom.deidentify.run import Export, ExportedSeries, RefusedFile, deidentify

__all__ = ["Export", "ExportedSeries", "RefusedFile", "deidentify"]
