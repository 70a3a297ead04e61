"""Folds: a partition, by patient, the same for a seed, balanced, and kept."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oncontour.core.errors import InputError
from oncontour.core.sequence import Sequence
from oncontour.data.datasets import Dataset, DatasetCase, ImageFile
from oncontour.data.folds import (
    TEST_SHARE,
    check_folds,
    fixed_folds,
    hold_out,
    leaks,
    load_folds,
    save_folds,
    split_folds,
)  # fmt: skip

NOWHERE = ImageFile(Path("nowhere.nii.gz"))


def dataset(visits, column=None, values=()) -> Dataset:
    """Patients with the given numbers of visits; `values`: the column's value of each patient."""
    cases = []
    for patient, count in enumerate(visits):
        columns = {column: values[patient]} if column else {}
        cases += [
            DatasetCase(f"p{patient:03d}_{n}", f"p{patient:03d}", {Sequence.T1: NOWHERE}, NOWHERE, columns)
            for n in range(count)
        ]
    return Dataset("d", "brats", tuple(cases), Path())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=5, max_size=40), st.integers(2, 5), st.integers(0, 2**31))
def test_every_case_is_validated_once_and_no_patient_is_on_both_sides(visits, count, seed):
    data = dataset(visits)
    folds = split_folds(data, count, seed)
    assert sorted(name for n in range(count) for name in folds.validation(n)) == [case.name for case in data.cases]
    for n in range(count):
        assert set(folds.training(n)) == {case.name for case in data.cases} - set(folds.validation(n))
        patients = [{name.split("_")[0] for name in part} for part in (folds.training(n), folds.validation(n))]
        assert not patients[0] & patients[1]
    sizes = [len(part) for part in folds.validation_cases]
    assert max(sizes) - min(sizes) <= max(visits)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from("abc"), min_size=12, max_size=50), st.integers(0, 2**31))
def test_strata_are_spread_evenly(values, seed):
    data = dataset([1] * len(values), "site", values)
    folds = split_folds(data, 4, seed, stratify="site")
    for value in set(values):
        counts = [sum(values[int(name[1:4])] == value for name in part) for part in folds.validation_cases]
        assert max(counts) - min(counts) <= 1
    sizes = [len(part) for part in folds.validation_cases]
    assert max(sizes) - min(sizes) <= 1


def test_a_seed_gives_the_same_folds_whatever_the_order_of_the_cases():
    data = dataset([1, 2, 1, 3, 1, 1, 1, 2])
    shuffled = replace(data, cases=tuple(np.random.default_rng(0).permutation(np.array(data.cases, object))))
    assert split_folds(data, 3, 7).validation_cases == split_folds(shuffled, 3, 7).validation_cases
    assert split_folds(data, 3, 7).validation_cases != split_folds(data, 3, 8).validation_cases


def test_cases_without_a_mask_and_those_of_the_test_are_in_no_fold():
    data = dataset([1] * 6)
    first, second, *others = data.cases
    cases = (replace(first, mask=None), replace(second, columns={"split": "test"}), *others)
    folds = split_folds(replace(data, cases=cases), 2)
    assert sorted(name for part in folds.validation_cases for name in part) == [case.name for case in others]
    assert folds.held_out == (second.name,)
    check_folds(folds, replace(data, cases=cases))


def test_eighty_twenty_and_five_folds():
    data = dataset([1, 2] * 25, "grade", ["HGG"] * 30 + ["LGG"] * 20)
    held_out = hold_out(data, share=TEST_SHARE, seed=3, stratify="grade")
    patients = {name.split("_")[0] for name in held_out}
    assert Counter(int(patient[1:]) < 30 for patient in patients) == {True: 6, False: 4}
    folds = split_folds(data, 5, stratify="grade", held_out=held_out)
    assert set(folds.held_out) == held_out
    drawn = {name for part in folds.validation_cases for name in part}
    assert drawn == {case.name for case in data.cases} - held_out
    assert not {name.split("_")[0] for name in drawn} & patients
    assert hold_out(data, share=TEST_SHARE, seed=3, stratify="grade") == held_out


def test_cases_are_held_out_by_name_and_by_column():
    data = dataset([2, 1, 1], "site", ["north", "south", "south"])
    assert hold_out(data, cases=["p001_0"]) == {"p001_0"}
    assert hold_out(data, column=("site", "north")) == {"p000_0", "p000_1"}


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        (lambda data: hold_out(data, cases=["p000_0"]), "p000_0 held out and p000_1 trained on, both of one patient"),
        (lambda data: hold_out(data, cases=["p9"]), "no case 'p9'"),
        (lambda data: hold_out(data, column=("site", "x")), "no column 'site'"),
        (lambda data: hold_out(data, share=1.0), "share held out: found 1"),
        (lambda data: split_folds(data, held_out=["p000_1"]), "p000_1 held out and p000_0 trained on"),
        (lambda data: split_folds(data, 1), "folds: found 1"),
        (lambda data: split_folds(data, 4), "3 patients with masks for 4 folds"),
        (lambda data: split_folds(data, 2, stratify="site"), "no column 'site'"),
        (lambda data: split_folds(data, 2).training(2), "fold: found 2; expected 0 to 1"),
        (lambda data: split_folds(data, 2).validation(-1), "fold: found -1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(ask, found):
    with pytest.raises(InputError, match=found):
        ask(dataset([2, 1, 1]))


def test_the_file_is_written_once_and_read_back(tmp_path):
    data, path = dataset([1, 2, 1, 1, 1]), tmp_path / "folds.json"
    folds = fixed_folds(data, path, 3, 5)
    written = path.read_bytes()
    assert load_folds(path) == folds
    assert fixed_folds(data, path, 3, 5) == folds
    assert path.read_bytes() == written
    assert "patient" not in path.read_text()
    with pytest.raises(InputError, match=r"found 3 folds of seed 5.*expected 5 folds of seed 5"):
        fixed_folds(data, path, 5, 5)


def test_data_that_changed_under_the_folds_are_told(tmp_path):
    data, path = dataset([1, 2, 1, 1, 1]), tmp_path / "folds.json"
    save_folds(split_folds(data, 3), path)
    one = data.cases[0]
    for cases, found in (
        (data.cases[1:], "p000_0, no longer in the data set"),
        ((*data.cases, replace(one, name="p009_0", patient="p009")), "p009_0 in the data set, in no fold"),
        ((replace(one, images={Sequence.T2: NOWHERE}), *data.cases[1:]), "files whose sizes or places changed"),
    ):
        with pytest.raises(InputError, match=f"folds.json: found {found}"):
            fixed_folds(replace(data, cases=tuple(cases)), path, 3)
    joined = replace(data, cases=tuple(replace(case, patient="same") for case in data.cases))
    with pytest.raises(InputError, match="of one patient, in different parts"):
        fixed_folds(joined, path, 3)
    assert len(leaks(load_folds(path).validation_cases, joined)) == 1
    assert leaks(load_folds(path).validation_cases, data) == []


@pytest.mark.parametrize("text", ["{", "{}", '{"validation_cases": 3}', "[]"])
def test_a_damaged_file_is_named(tmp_path, text):
    path = tmp_path / "folds.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"folds.json: found a file that cannot be used"):
        load_folds(path)


def test_a_case_in_two_parts_is_refused():
    data = dataset([1] * 4)
    folds = split_folds(data, 2)
    doubled = replace(folds, validation_cases=(folds.validation(0), (*folds.validation(1), folds.validation(0)[0])))
    with pytest.raises(InputError, match="in two parts"):
        check_folds(doubled, data)
    assert json.dumps(doubled.validation_cases)
