"""An evaluation as a reader sees it: one HTML page, thumbnails of what failed."""

from oncontour.report.evaluation.report import report_evaluation

__all__ = ["report_evaluation"]
