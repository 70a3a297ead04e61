"""One case as a reader sees it: HTML, PDF, pictures, and JSON for other programs."""

from oncontour.report.case import CaseReport
from oncontour.report.documents import write_measurements, write_quality
from oncontour.report.html import write_html
from oncontour.report.macro import write_macro
from oncontour.report.pdf import write_pdf

__all__ = ["CaseReport", "write_html", "write_macro", "write_measurements", "write_pdf", "write_quality"]
