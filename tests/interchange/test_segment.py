"""`oncontour segment` with an imported model: the label map that nnU-Net writes for the same files."""

import json

import nibabel
import nnunet_models as models
import numpy as np
import pytest

from oncontour import segment
from oncontour.core.errors import BundleError
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.interchange.importing import import_model
from oncontour.pipeline.options import Options

pytestmark = pytest.mark.peers

SPACING = (3.5, 3.0, 2.8)
AFFINE = np.array([[-2.8, 0, 0, 60.0], [0, -3.0, 0, 70], [0, 0, 3.5, -50], [0, 0, 0, 1]])  # LPS, as BraTS lies


@pytest.fixture
def model(tmp_path):
    config = models.configuration(spacing=[3.5, 3.0, 3.0], patch=[16, 24, 24])
    content = models.plans({"3d_fullres": config})
    folder = models.write_model(tmp_path / "T__P__3d_fullres", "3d_fullres", content, models.dataset(), steps=40)
    import_model(folder, tmp_path / "bundle")
    return folder


def _study(folder, image, affine=AFFINE):
    folder.mkdir()
    for name, part in zip(("t1ce", "flair"), image, strict=True):
        write_nifti(Volume(part.T, affine), folder / f"{name}.nii.gz")
    return folder


def _run(tmp_path, study, **options):
    (outcome,) = segment(study, tmp_path / "out", Options(bundle=str(tmp_path / "bundle"), **options))
    assert outcome.status == "done", outcome.error
    quality = json.loads((outcome.folder / "quality.json").read_text())
    steps = {step["name"]: step["summary"] for step in quality["steps"]}
    found = nibabel.load(outcome.folder / "segmentation.nii.gz")
    return np.asarray(found.dataobj), found.affine, steps["segmentation"]


def test_files_that_nnunet_could_read_give_what_it_writes(tmp_path, model):
    image = models.brain((46, 48, 36))
    expected = models.predict(model, image, SPACING)
    assert len(np.unique(expected)) > 1
    found, affine, summary = _run(tmp_path, _study(tmp_path / "study", image))
    assert np.allclose(affine, AFFINE)
    assert "as nnU-Net reads them" in summary
    assert (expected != found.T).mean() < 1e-4


def test_other_studies_are_prepared_first(tmp_path, model):
    """FLAIR turned and laid elsewhere: no file that nnU-Net could read, but the same brain."""
    image = models.brain((46, 48, 36))
    study = _study(tmp_path / "study", image)
    shifted = AFFINE.copy()
    shifted[:3, 3] += (0.0, 1.5, 0.0)
    turn = np.diag([1.0, -1.0, 1.0, 1.0])
    turn[1, 3] = 47
    write_nifti(Volume(image[1].T[:, ::-1], shifted @ turn), study / "flair.nii.gz")
    found, affine, summary = _run(tmp_path, study, bias_field=False)
    assert np.allclose(affine, AFFINE)
    assert "prepared images of the brain alone" in summary
    outside = image[0].T == 0
    assert (found[outside] > 0).mean() < 0.02 < (found[~outside] > 0).mean()


def test_folder_without_a_model_names_those_inside(tmp_path, model):
    with pytest.raises(BundleError, match="1 models: T__P__3d_fullres"):
        import_model(tmp_path, tmp_path / "x")
    with pytest.raises(BundleError, match="no model"):
        import_model(tmp_path / "bundle", tmp_path / "x")
