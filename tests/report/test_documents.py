import dataclasses
import json

import pytest

from oncontour.core.errors import NotAStudyError, OutputError
from oncontour.core.sequence import Sequence
from oncontour.inference.calibration import Misses
from oncontour.measure.certainty import Certainty
from oncontour.measure.interval import Interval
from oncontour.measure.side import mid_sagittal_plane
from oncontour.report import write_measurements, write_quality
from oncontour.report.documents import corrected_document, measurements_document, midplane_of


def test_measurements(case, tmp_path):
    path = tmp_path / "measurements.json"
    write_measurements(case, path)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert list(document) == [
        "schema", "case", "version", "model", "statement", "reference", "findings", "certainty_note", "scheme",
        "midplane", "regions",
    ]  # fmt: skip
    assert document["schema"] == "oncontour/measurements/1"
    assert document["reference"] == "T1CE"
    whole = document["regions"][0]
    assert list(whole) == [
        "name", "title", "volume_ml", "share_of_whole", "components", "centroid_mm", "box_mm", "longest_diameter_mm",
        "hemisphere", "certainty",
    ]  # fmt: skip
    assert whole["volume_ml"] == pytest.approx(case.measurements[0].volume_ml, abs=1e-4)
    assert whole["centroid_mm"] == pytest.approx(case.measurements[0].centroid_mm, abs=1e-3)
    assert whole["hemisphere"] == "right"
    assert [item.name for item in tmp_path.iterdir()] == ["measurements.json"]


def test_certainty_is_written_where_there_is_one(case, tmp_path):
    misses = Misses(present=20, missed=1, largest_missed_ml=0.4, absent=3, invented=2)
    whole = dataclasses.replace(case.measurements[0], certainty=Certainty(Interval(9.5, 14.25), 0.85, 0.04, misses))
    empty = dataclasses.replace(case.measurements[1], certainty=Certainty(None, None, None, Misses()))
    sure = dataclasses.replace(case, measurements=(whole, empty, case.measurements[2]))
    write_measurements(sure, tmp_path / "measurements.json")
    found = [region["certainty"] for region in json.loads((tmp_path / "measurements.json").read_text())["regions"]]
    assert found[0] == {
        "interval_ml": [9.5, 14.25], "level": 0.95, "predicted_dice": 0.85, "predicted_dice_error": 0.04,
        "held_out": {"present": 20, "missed": 1, "largest_missed_ml": 0.4, "absent": 3, "invented": 2},
    }  # fmt: skip
    assert found[1]["interval_ml"] is None
    assert found[2] is None


def test_a_correction_keeps_what_is_the_studys_and_drops_what_is_the_models(case):
    own = measurements_document(case)
    assert dataclasses.astuple(midplane_of(own)) == pytest.approx(
        dataclasses.astuple(mid_sagittal_plane(case.brain)), abs=1e-4
    )
    made = corrected_document(own, "2.0", "Found: less.", case.measurements[:1])
    assert list(made) == [*own, "corrected"]
    assert {key for key in own if made[key] != own[key]} == {
        "version", "statement", "findings", "certainty_note", "regions",
    }  # fmt: skip
    assert made["regions"] == own["regions"][:1]


def quality(path, case, **more):
    write_quality(
        path,
        name=case.name,
        version=case.version,
        reference=case.reference,
        decisions=case.decisions,
        missing=case.missing,
        notes=case.notes,
        checks=case.checks,
        steps=case.steps,
        seconds=case.seconds,
        **more,
    )
    return json.loads(path.read_text(encoding="utf-8"))


def test_quality(case, tmp_path):
    document = quality(tmp_path / "quality.json", case)
    assert document["status"] == "done"
    assert document["error"] is None
    assert document["verdict"] == "fail"
    assert document["seconds"] == 14.75
    assert document["series"][2] == {
        "series": "series 1", "sequence": None, "used": False, "reason": "localiser: three orientations",
        "confidence": 0.95,
    }  # fmt: skip
    assert document["missing"][0]["sequence"] == Sequence.T1
    assert document["checks"][3]["value"] is None  # NaN is no JSON
    assert document["steps"][1] == {"name": "network", "seconds": 14.5, "summary": "3 tiles"}


def test_quality_of_a_failed_case_says_why(tmp_path):
    path = tmp_path / "quality.json"
    error = NotAStudyError("folder", "no image", "a brain MRI study", "Give the folder of the study.")
    write_quality(path, name="case", version="0.1.0", error=error)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["status"] == "failed"
    assert document["error"] == {
        "kind": "NotAStudyError", "where": "folder", "found": "no image", "expected": "a brain MRI study",
        "remedy": "Give the folder of the study.",
    }  # fmt: skip
    assert document["verdict"] == "ok"


def test_a_folder_in_the_way_is_an_output_error(case, tmp_path):
    (tmp_path / "quality.json").mkdir()
    with pytest.raises(OutputError, match="a place to write the result"):
        quality(tmp_path / "quality.json", case)
    assert not (tmp_path / "quality.json.part").exists()
