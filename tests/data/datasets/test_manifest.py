"""Plain tables of cases."""

from __future__ import annotations

import pytest

from oncontour.core.errors import InputError
from oncontour.data.datasets import read_dataset

from .conftest import FLAIR, T1, assert_read, image, mask, put


def test_a_csv_keeps_its_columns(tmp_path):
    for number, name in enumerate(("a", "b")):
        for channel, sequence in enumerate(("t1", "flair")):
            put(image(10 * number + channel), tmp_path / "files" / f"{name}_{sequence}.nii.gz")
        put(mask(seed=number), tmp_path / "files" / f"{name}_m.nii.gz", "uint8")
    table = tmp_path / "list.csv"
    table.write_text(
        "case;patient;t1;t2;FLAIR;mask;site\n"
        "A 1;p7;files/a_t1.nii.gz;;files/a_flair.nii.gz;files/a_m.nii.gz;north\n"
        "b;;files/b_t1.nii.gz;;files/b_flair.nii.gz;;\n"
        f"c;;{tmp_path}/files/c_t1.nii.gz;;;;\n"
    )
    dataset = read_dataset(table)
    assert (dataset.name, dataset.layout) == ("list", "CSV")
    assert [(case.name, case.patient, dict(case.columns)) for case in dataset.cases] == [
        ("A_1", "p7", {"site": "north"}), ("b", "b", {}),
    ]  # fmt: skip
    assert dataset.case("b").mask is None
    assert "case c: no file" in str(dataset.left_out[0])
    assert_read(dataset, "A_1", 0, (1, 2, 3), (1, 2, 3), (T1, FLAIR))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("case,t1\na,x.nii.gz\na,y.nii.gz\n", "case 'a' twice"),
        ("case,t1,t1n\na,x.nii.gz,\n", "columns t1, t1n"),
        ("case,t1\na,x.nii.gz,1\n", "3 cells in row 2"),
        ("case,t1,t1\n", "the column 't1' twice"),
        ("", "an empty table"),
        ("case,age\na,1\n", "cases.csv has no column 'case', or none of t1, t1ce"),
    ],
)
def test_a_csv_that_cannot_be_used(tmp_path, text, found):
    (tmp_path / "cases.csv").write_text(text)
    with pytest.raises(InputError, match=found):
        read_dataset(tmp_path)
