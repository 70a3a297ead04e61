"""The sentences to paste say what measurements.json holds, no more."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from oncontour.core.errors import OutputError
from oncontour.inference.calibration import Misses
from oncontour.measure.certainty import Certainty
from oncontour.measure.interval import Interval
from oncontour.report import write_macro, write_measurements
from oncontour.report.case import CORRECTED_STATEMENT, STATEMENT
from oncontour.report.documents import CORRECTED_NOTE, corrected_document, measurements_document
from oncontour.report.macro import MISSABLE, UNCALIBRATED, macro
from oncontour.report.page import volume_text


def test_volumes_side_and_limits_are_told(case, tmp_path):
    write_macro(case, tmp_path / "report-macro.txt")
    text = (tmp_path / "report-macro.txt").read_text()
    for measured in case.measurements:
        assert f"{measured.title} {volume_text(measured.volume_ml)} mL" in text
    whole = case.measurements[0]
    assert f"Longest diameter {whole.longest_mm:.0f} mm (whole tumour), in the right hemisphere." in text
    assert text.splitlines()[-2:] == [UNCALIBRATED, STATEMENT]
    assert case.name not in text
    write_measurements(case, tmp_path / "measurements.json")
    assert macro(json.loads((tmp_path / "measurements.json").read_text())) == text


def test_intervals_stand_where_the_bundle_is_calibrated(case, tmp_path):
    sure = Certainty(Interval(1.25, 80.5), None, None, Misses())
    first, *others = case.measurements
    note = "95 % intervals were learned on 40 held-out cases."
    calibrated = replace(case, measurements=(replace(first, certainty=sure), *others), certainty_note=note)
    write_macro(calibrated, tmp_path / "macro.txt")
    text = (tmp_path / "macro.txt").read_text()
    assert f"whole tumour {volume_text(first.volume_ml)} mL (95 % interval 1.25 to 80.5 mL), tumour core" in text
    assert text.count("interval 1") == 1
    assert note in text
    assert UNCALIBRATED not in text


def test_no_tumour_found_does_not_mean_no_tumour(case, tmp_path):
    nothing = tuple(
        replace(one, volume_ml=0.0, longest_mm=0.0, components=0, centroid_mm=None, box_mm=None, hemisphere=None)
        for one in case.measurements
    )
    write_macro(replace(case, measurements=nothing), tmp_path / "macro.txt")
    lines = (tmp_path / "macro.txt").read_text().splitlines()
    assert lines[0].startswith("No tumour was found automatically on T1CE")
    assert lines[1:] == [MISSABLE, STATEMENT]


def test_what_a_reader_corrected_is_not_called_automatic(case):
    own = measurements_document(case)
    text = macro(corrected_document(own, "2.0", "", [replace(one, certainty=None) for one in case.measurements]))
    assert text.startswith("Volumes measured on T1CE (Oncontour 2.0, corrected by a reader): whole tumour")
    assert text.splitlines()[-2:] == [CORRECTED_NOTE, CORRECTED_STATEMENT]


def test_a_folder_that_is_not_there_is_an_output_error(case, tmp_path):
    with pytest.raises(OutputError):
        write_macro(case, tmp_path / "no such folder" / "macro.txt")
