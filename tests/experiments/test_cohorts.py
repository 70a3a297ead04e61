"""Where cohorts come from: the user's folders and tables, else phantoms; no patient is on both sides."""

from __future__ import annotations

import pytest

from oncontour.core.errors import InputError
from oncontour.data.datasets.tables import write_table
from oncontour.experiments.experiment import Experiment
from oncontour.experiments.outline import outline
from oncontour.experiments.run import run_recipe


@pytest.fixture
def give(tmp_path):
    """Writes the table of a cohort: cases of these patients, whose images are there and empty."""

    def write(cohort, *patients):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / "empty.nii.gz").touch()
        rows = [
            {"case": f"{cohort}-{n}", "patient": patient, "t2": "empty.nii.gz", "mask": "empty.nii.gz"}
            for n, patient in enumerate(patients)
        ]
        write_table(tmp_path / "data" / f"{cohort}.csv", rows[0], rows)
        return tmp_path / "data"

    return write


def test_data_that_are_given_are_taken_and_counted(run_of, give, tmp_path):
    data = give("adults", "a", "b", "c")
    places = run_of(data=data).sources
    assert (places["adults"].root, places["adults"].phantom) == (data / "adults.csv", False)
    assert (places["children"].root, places["children"].phantom) == (tmp_path / "work" / "cohorts" / "children", True)
    lines = {line.name: line for line in outline(run_of(data=data)).cohorts}
    assert (lines["adults"].found, lines["adults"].expected, lines["children"].found) == (3, 2, None)
    with pytest.raises(InputError, match=r"--data: found no cohort children, children-test; expected children \(child"):
        run_recipe(run_of(data=data, scale="paper"))
    assert not (tmp_path / "work").exists()
    lines = {line.name: line.source for line in outline(run_of(data=data, scale="paper")).cohorts}
    assert lines == {"adults": "data", "children": "to be given", "children-test": "to be given"}


def test_a_job_is_told_with_its_split(run_of, smallest, give):
    """Five cases in three folds: one, rounded down, to validate on."""
    smallest["scales"]["tiny"]["folds"] = 3
    data = give("adults", "a", "b", "c", "d", "e")
    job = outline(run_of(smallest, data=data)).jobs[0]
    assert (job.folds, job.training, job.validation) == (3, 4, 1)


def test_a_patient_who_is_learnt_from_and_judged_on_is_refused(run_of, give, tmp_path):
    give("children", "a", "b")
    data = give("children-test", "c", "b")
    with pytest.raises(InputError, match="cohorts children and children-test: found 1 patients of both"):
        run_recipe(run_of(data=data))
    assert not (tmp_path / "work").exists()


def test_an_arm_that_is_judged_on_what_it_learnt_from_is_refused(smallest):
    smallest["arms"]["frozen"]["test"] = ["adults"]
    with pytest.raises(ValueError, match="arm 'frozen' is judged on what it learnt from: adults"):
        Experiment.model_validate(smallest)
