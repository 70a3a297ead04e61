"""Our own synthetic cohorts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oncontour.core.errors import InputError
from oncontour.data.datasets import read_dataset

from .conftest import assert_read, image, mask, put


@pytest.fixture
def cohort(tmp_path):
    """A phantom cohort as its command writes it, but of noise."""

    def make(scheme: str, dicom: bool = False) -> Path:
        root = tmp_path / "cohort"
        for n in range(2):
            name = f"adult-{n:05d}"
            for channel, suffix in enumerate(("t1n", "t1c", "t2w", "t2f")):
                put(image(10 * n + channel), root / "cases" / name / f"{name}-{suffix}.nii.gz")
            folder = root / "truth" if dicom else root / "cases" / name
            put(mask(seed=n), folder / f"{name}-seg.nii.gz", "uint8")
            put(mask(seed=n + 5), folder / f"{name}-seg2.nii.gz", "uint8")
        records = [{"case": f"adult-{n:05d}", "scheme": scheme, "anatomy": "mni152"} for n in range(2)]
        (root / "manifest.json").write_text(json.dumps({"made_by": "oncontour phantom", "cases": records}))
        return root

    return make


@pytest.mark.parametrize("inside", ["", "cases"])
@pytest.mark.parametrize("beside", [True, False])
def test_a_phantom_cohort_has_the_scheme_of_its_manifest(cohort, inside, beside):
    dataset = read_dataset(cohort("paediatric", beside) / inside)
    assert (dataset.layout, dataset.scheme) == ("oncontour phantom", "paediatric")
    assert_read(dataset, "adult-00001", 1, (1, 2, 3), (1, 2, 3))
    case = dataset.case("adult-00001")
    assert {name: file.path.name for name, file in case.raters.items()} == {
        "first": "adult-00001-seg.nii.gz",
        "second": "adult-00001-seg2.nii.gz",
    }
    assert case.raters["first"] == case.mask


def test_a_phantom_cohort_of_dicom_is_refused_with_a_remedy(cohort):
    root = cohort("brats")
    for path in (root / "cases").rglob("*.nii.gz"):
        path.unlink()
    with pytest.raises(InputError, match=r"found DICOM series; expected NIfTI files. Make the cohort without --dicom"):
        read_dataset(root)
