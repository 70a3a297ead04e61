"""cases.csv and labels.json beside the data of another layout."""

from __future__ import annotations

import pytest

from oncontour.core.errors import InputError
from oncontour.data.datasets import read_dataset


def test_cases_csv_beside_another_layout_gives_patients_and_columns(brats_tree):
    root = brats_tree(["case_0", "case_1", "case_2"])
    (root / "cases.csv").write_text("case,patient,site,split\ncase_0,p,north,\ncase_1,p,south,test\n")
    dataset = read_dataset(root)
    assert [(case.patient, dict(case.columns)) for case in dataset.cases] == [
        ("p", {"site": "north"}), ("p", {"site": "south", "split": "test"}), ("case_2", {}),
    ]  # fmt: skip
    assert [case.name for case in dataset.labelled] == ["case_0", "case_2"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "a file that cannot be used"),
        ('{"scheme": "brats"}', "a file that cannot be used"),
        ('{"scheme": "brain stem", "labels": {"X": 1}}', "scheme 'brain stem'"),
        ('{"scheme": "brats", "labels": {"RC": 1}}', "labels RC"),
    ],
)
def test_a_labels_json_that_cannot_be_used(brats_tree, text, found):
    root = brats_tree(["case_0"])
    (root / "labels.json").write_text(text)
    with pytest.raises(InputError, match=rf"labels.json: found {found}"):
        read_dataset(root)
