"""BraTS 2015 as the Virtual Skeleton Database gave it out."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK

from oncontour.core.errors import InputError
from oncontour.data.datasets import read_case, read_dataset

from .conftest import AFFINE, T1, assert_read, image, mask


@pytest.fixture
def brats_2015(tmp_path):
    """One case as the Virtual Skeleton Database gave it out."""
    case = tmp_path / "BRATS2015_Training" / "HGG" / "brats_tcia_pat101_0001"
    kinds = {"": ("MR_T1", "MR_T1c", "MR_T2", "MR_Flair"), "_3more": ("OT",)}
    number = 0
    for extra, names in kinds.items():
        for name in names:
            volume = image(number) if name != "OT" else mask((1, 2, 3, 4))
            written = SimpleITK.GetImageFromArray(volume.array.astype(np.int16).transpose(2, 1, 0))
            lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ AFFINE
            spacing = np.linalg.norm(lps[:3, :3], axis=0)
            written.SetSpacing(spacing.tolist())
            written.SetOrigin(lps[:3, 3].tolist())
            written.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
            folder = case / f"VSD.Brain{extra}.XX.O.{name}.{54000 + number}"
            folder.mkdir(parents=True)
            SimpleITK.WriteImage(written, str(folder / f"{folder.name}.mha"))
            number += 1
    return tmp_path / "BRATS2015_Training"


def test_brats_2015(brats_2015):
    dataset = read_dataset(brats_2015)
    (case,) = dataset.cases
    assert (dataset.layout, dataset.scheme, case.patient) == ("BraTS 2015", "brats", "brats_tcia_pat101")
    assert case.columns == {"grade": "HGG"}
    assert_read(dataset, "brats_tcia_pat101_0001", 0, (1, 2, 3, 4), (1, 2, 1, 3))


def test_a_damaged_mha_is_named(brats_2015):
    dataset = read_dataset(brats_2015)
    path = dataset.cases[0].images[T1].path
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"MR_T1.54000.mha: found a damaged or truncated file"):
        read_case(dataset.cases[0], dataset)
