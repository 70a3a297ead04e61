"""The loop over cases: who is done, who failed, what is left behind. `segment_case` is replaced."""

from __future__ import annotations

import errno
import json

import pytest

import oncontour
from oncontour import Options, segment
from oncontour.core.errors import OutputError
from oncontour.core.sequence import Sequence
from oncontour.data.files import write_json
from oncontour.measure.regions import RegionMeasurement
from oncontour.pipeline.folders import result_folder
from oncontour.pipeline.outcome import CaseResult

WT = RegionMeasurement("WT", "whole tumour", 12.5, 1.0, 1, None, None, 30.0)


@pytest.fixture
def work(monkeypatch, bundles):
    """Replaces the work on a case; returns the names it was called with, and a dict of errors to raise by name."""
    called, errors = [], {}

    def fake(study, folder, options, *, models, clock, record):
        called.append(study.name)
        with result_folder(folder) as part:
            (part / "regions.nii.gz").write_text("voxels")
            if study.name in errors:
                raise errors[study.name]
            write_json(part / "measurements.json", {"regions": [{"name": "WT", "volume_ml": 12.5}]})
            write_json(part / "provenance.json", record)
        return CaseResult(
            study.name, folder, Sequence.T1CE, (), (WT,), (), tuple(clock.steps), 1.0, study.decisions, study.notes
        )

    monkeypatch.setattr("oncontour.pipeline.segment.segment_case", fake)
    return called, errors


def test_every_case_gets_a_folder_and_the_run_a_manifest(make_study, tmp_path, work):
    make_study("all/a", "t1c.nii.gz", "flair.nii.gz")
    make_study("all/b", "flair.nii.gz")
    outcomes = segment(tmp_path / "all", tmp_path / "out")
    assert [(outcome.name, outcome.status) for outcome in outcomes] == [("a", "done"), ("b", "done")]
    assert dict(outcomes[0].volumes_ml) == {"WT": 12.5}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a", "b", "run.json"}
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["versions"]["oncontour"] == oncontour.__version__
    assert run["bundles"]["tumour"]["name"] == "default"
    assert run["peak_memory_gib"] > 0
    assert [case["case"] for case in run["cases"]] == ["a", "b"]
    assert {record["file"] for record in run["cases"][0]["inputs"]} == {"t1c.nii.gz", "flair.nii.gz"}
    assert run["cases"][0]["steps"].keys() == {"reading"}


def test_a_failed_case_leaves_error_json_alone_and_stops_no_other(make_study, tmp_path, work):
    _, errors = work
    for name in ("a", "b", "c"):
        make_study(f"all/{name}", "t1c.nii.gz")
    make_study("all/d", "t1.nii.gz")
    errors["a"] = OSError(errno.ENOSPC, "no")
    errors["b"] = ZeroDivisionError("Jane Doe")
    outcomes = {outcome.name: outcome for outcome in segment(tmp_path / "all", tmp_path / "out")}
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "a": "failed", "b": "failed", "c": "done", "d": "failed",
    }  # fmt: skip
    for name, found in (("a", "no space left"), ("b", "an unforeseen ZeroDivisionError"), ("d", "T1 alone")):
        assert [path.name for path in (tmp_path / "out" / name).iterdir()] == ["error.json"]
        content = json.loads((tmp_path / "out" / name / "error.json").read_text())
        assert found in content["found"]
        assert content["remedy"]
        assert "Jane" not in str(content)
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert [case["status"] for case in run["cases"]] == ["failed", "failed", "done", "failed"]


def test_resume_leaves_out_what_is_done_and_only_that(make_study, tmp_path, work, bundles):
    called, errors = work
    for name in ("a", "b"):
        make_study(f"all/{name}", "t1c.nii.gz")
    again = Options(resume=True)

    def run(options=again):
        called.clear()
        return [outcome.status for outcome in segment(tmp_path / "all", tmp_path / "out", options)]

    errors["b"] = ValueError()
    assert run() == ["done", "failed"]
    errors.clear()
    assert run() == ["skipped", "done"]
    assert called == ["b"]
    outcomes = segment(tmp_path / "all", tmp_path / "out", again)
    assert [dict(outcome.volumes_ml) for outcome in outcomes] == [{"WT": 12.5}] * 2
    make_study("all/a", "t1c.nii.gz", seed=1)
    assert run() == ["done", "skipped"]  # other voxels
    assert run(Options(resume=True, bias_field=False)) == ["done", "done"]  # another choice
    assert run(Options()) == ["done", "done"]  # not asked to resume
    (bundles / "default" / "provenance.json").write_text('{"another": 1}')
    assert run() == ["done", "done"]  # another model
    assert run() == ["skipped", "skipped"]


def test_an_interrupt_keeps_finished_cases_and_nothing_of_the_one_at_work(make_study, tmp_path, work):
    _, errors = work
    for name in ("a", "b", "c"):
        make_study(f"all/{name}", "t1c.nii.gz")
    errors["b"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        segment(tmp_path / "all", tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a", "run.json"}


def test_progress_grows_from_case_to_case(make_study, tmp_path, work):
    make_study("a", "t1c.nii.gz")
    told, names, ended = [], [], []
    segment(
        tmp_path / "a",
        tmp_path / "out",
        progress=lambda case, stage, fraction: told.append((case, stage, fraction)),
        started=names.extend,
        finished=lambda outcome: ended.append(outcome.name),
    )
    assert names == ended == ["a"]
    assert {(case, stage) for case, stage, _ in told} == {("a", "reading")}
    fractions = [fraction for *_, fraction in told]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1


def test_files_by_sequence(make_study, tmp_path, work):
    folder = make_study("pat", "x.nii.gz", "y.nii.gz")
    files = {Sequence.FLAIR: folder / "x.nii.gz", Sequence.T1CE: str(folder / "y.nii.gz")}
    (outcome,) = segment(files, tmp_path / "out", name="mine")
    assert (outcome.name, outcome.status) == ("mine", "done")
    assert len(outcome.result.decisions) == 2


def test_an_output_that_cannot_be_written_stops_the_run_at_once(make_study, tmp_path, work):
    make_study("a", "t1c.nii.gz")
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError):
        segment(tmp_path / "a", tmp_path / "out")
    assert work[0] == []


def test_the_input_folder_is_never_written_over(make_study, tmp_path, work):
    folder = make_study("a", "t1c.nii.gz")
    (outcome,) = segment(folder, tmp_path)
    assert outcome.status == "failed"
    assert isinstance(outcome.error, OutputError)
    assert [path.name for path in folder.iterdir()] == ["t1c.nii.gz"]
