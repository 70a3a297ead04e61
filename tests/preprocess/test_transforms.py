"""Transforms on disk: the JSON's numbers, ITK's reading, an unwritable folder."""

import json

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from oncontour.core.errors import OutputError
from oncontour.core.grid import Grid
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.preprocess.rigid import rigid
from oncontour.preprocess.run import Prepared
from oncontour.preprocess.transforms import save_transforms

MOVE = rigid((0.1, -0.2, 0.3), (4, 5, 6))


def prepared() -> Prepared:
    brain = Volume(np.ones((3, 4, 5), dtype=bool), np.eye(4))
    grid = Grid((9, 8, 7), np.diag([1.0, 1.0, 5.5, 1.0]))
    transforms = {Sequence.T1CE: np.eye(4), Sequence.FLAIR: MOVE}
    return Prepared(Sequence.T1CE, grid, {}, {}, brain, transforms)


def test_the_json_holds_what_was_found(tmp_path):
    save_transforms(prepared(), tmp_path / "transforms.json")
    content = json.loads((tmp_path / "transforms.json").read_text())
    np.testing.assert_array_equal(content["transforms"]["FLAIR"], MOVE)
    assert content["reference"] == "T1CE"
    assert content["reference_grid"]["shape"] == [9, 8, 7]
    assert not list(tmp_path.glob("*.part"))


def test_itk_moves_points_as_we_do(tmp_path):
    save_transforms(prepared(), tmp_path / "transforms.json")
    transform = sitk.ReadTransform(str(tmp_path / "transforms_flair.tfm"))
    point = np.array([10.0, -20.0, 30.0, 1.0])
    lps = np.array([-1.0, -1.0, 1.0])
    found = np.array(transform.TransformPoint((point[:3] * lps).tolist())) * lps
    np.testing.assert_allclose(found, (MOVE @ point)[:3], atol=1e-9)


def test_an_absent_folder_is_named(tmp_path):
    with pytest.raises(OutputError, match="FileNotFoundError"):
        save_transforms(prepared(), tmp_path / "absent" / "transforms.json")
