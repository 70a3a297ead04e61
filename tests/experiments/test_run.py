"""A recipe from phantoms to its page; stopped anywhere it goes on, changed it is refused."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from oncontour.core.errors import InputError
from oncontour.experiments.experiment import Experiment
from oncontour.experiments.report import report_recipe
from oncontour.experiments.run import Watch, run_recipe, steps


class KilledError(Exception):
    """As good as a power cut between two steps."""


def names(run):
    return [step.name for step in steps(run, run.sources, Watch())]


def stopped_before(run, wanted):
    """Run until a step of that name begins; returns the steps that were at work."""
    begun = []

    def watch(step, number, total, before):
        if step.name == wanted:
            raise KilledError
        if not before:
            begun.append(step.name)

    run_recipe(run, Watch(step=watch))
    return begun


def test_stopped_between_steps_it_goes_on_and_repeats_nothing(run_of, smallest):
    run = run_of()
    assert names(run) == [
        "cohort adults", "cohort children", "cohort children-test",
        "training of adult", "adult on children-test", "training of scratch", "scratch on children-test",
        "training of frozen", "frozen on children-test",
    ]  # fmt: skip
    with pytest.raises(KilledError):
        stopped_before(run, "scratch on children-test")
    trained = run.arm_folder("adult") / "bundle" / "fold_0.safetensors"
    first = trained.stat().st_mtime_ns
    rest = ["training of frozen", "frozen on children-test", "scratch on children-test"]
    assert stopped_before(run, "no step") == rest
    assert trained.stat().st_mtime_ns == first
    assert stopped_before(run, "no step") == []

    page = report_recipe(run)[-1].read_text("utf-8")
    assert "Phantoms, not patients" in page
    assert "no repetition of the paper" in page
    assert ".86 (.67-.91)" in page
    rows = list(csv.DictReader((run.work / "tables" / "1.csv").open()))
    assert [row["arm"] for row in rows] == ["adult", "scratch", "frozen"]
    assert [row["cases"] for row in rows] == ["2", "2", "2"]
    assert [row["Dice, median [quartiles]: paper"] for row in rows] == ["–", ".86 (.67-.91)", "–"]
    assert (run.work / "figures" / "1" / "dice-strips.png").exists()
    (found,) = csv.DictReader((run.work / "tables" / "findings.csv").open())
    assert (found["word"], found["n"]) == ("not distinguishable", "2")

    smallest["question"] = "Do other words cost a training?"
    run_recipe(replace(run, experiment=Experiment.model_validate(smallest)))
    smallest["cohorts"]["children"]["seed"] = 6
    with pytest.raises(InputError, match=r"begun with cohorts\.children\.seed 5; expected .* 6"):
        run_recipe(replace(run, experiment=Experiment.model_validate(smallest)))
    case = next((run.work / "cohorts" / "children" / "cases").glob("*/*-t2w.nii.gz"))
    case.write_bytes(case.read_bytes() + b"\0")
    with pytest.raises(InputError, match="cohort children: found files that came, went or changed"):
        run_recipe(run)
