"""nnU-Net's own models, its own prediction, and ours: voxel by voxel."""

import json

import nnunet_models as models
import numpy as np
import pytest
import torch

from oncontour.core.errors import BundleError, GeometryError, ImageContentError, SequenceError
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.inference.bundle import verify_bundle
from oncontour.inference.nnunet.predict import predict_as_nnunet
from oncontour.interchange.imported import write_imported
from oncontour.interchange.nnunet import Wishes, is_nnunet, read_nnunet

pytestmark = pytest.mark.peers

DIFFERENT = 1e-4
"""Share of voxels that may be labelled otherwise."""

REGIONS = {"labels": models.BRATS_REGIONS, "order": [1, 2, 3]}


def _model(tmp_path, dimension="3d", residual=False, data=None, transpose=(0, 1, 2), reader="SimpleITKIO", **changes):
    """A model folder and its bundle."""
    settings = {key: changes.pop(key) for key in ("folds", "mirror", "seed", "steps") if key in changes}
    name = "2d" if dimension == "2d" else "3d_fullres"
    content = models.plans({name: models.configuration(dimension, residual, **changes)}, transpose, reader)
    settings.setdefault("mirror", (0, 1) if dimension == "2d" else (0, 1, 2))
    folder = models.write_model(tmp_path / "model", name, content, models.dataset(**(data or {})), **settings)
    return folder, write_imported(read_nnunet(folder), tmp_path / "bundle")


@pytest.mark.parametrize("data", [{}, REGIONS], ids=["softmax", "regions"])
@pytest.mark.parametrize("residual", [False, True], ids=["plain", "residual"])
@pytest.mark.parametrize("dimension", ["3d", "2d"])
def test_predictions_are_those_of_nnunet(tmp_path, dimension, residual, data):
    folder, bundle = _model(tmp_path, dimension, residual, data)
    image, spacing = models.brain(), (2.5, 1.0, 1.1)
    theirs = models.predict(folder, image, spacing)
    assert len(np.unique(theirs)) > 1, "a constant prediction proves nothing"
    assert (models.predict_ours(bundle, image, spacing) != theirs).mean() < DIFFERENT
    assert verify_bundle(bundle) < 1e-3


@pytest.mark.parametrize(
    ("spacing", "transpose", "changes"),
    [
        ((6.0, 1.0, 1.0), (0, 1, 2), {}),  # thick slices: resampled apart
        ((1.0, 1.0, 5.0), (2, 0, 1), {"mirror": (0, 2)}),
        ((2.0, 1.2, 0.9), (1, 2, 0), {"mirror": None, "use_mask_for_norm": [False, True]}),
        ((2.0, 1.0, 1.2), (2, 1, 0), {"normalization_schemes": ["NoNormalization", "RescaleTo01Normalization"]}),
        ((2.0, 1.0, 1.2), (0, 1, 2), {"patch": [24, 48, 32]}),  # the image is smaller than a tile
        ((1.0, 2.0, 2.0), (0, 1, 2), {**models.resampling("data", order=1, force_separate_z=True),
                                      **models.resampling("seg", force_separate_z=True),
                                      **models.resampling("probabilities", force_separate_z=True)}),
    ],
)  # fmt: skip
def test_preprocessing_is_that_of_nnunet(tmp_path, spacing, transpose, changes):
    folder, bundle = _model(tmp_path, transpose=transpose, **changes)
    image = models.brain()
    theirs = models.predict(folder, image, spacing)
    assert len(np.unique(theirs)) > 1
    assert (models.predict_ours(bundle, image, spacing) != theirs).mean() < DIFFERENT


@pytest.mark.parametrize("transpose", [(1, 0, 2), (2, 1, 0)])
def test_slices_may_lie_along_any_axis(tmp_path, transpose):
    folder, bundle = _model(tmp_path, "2d", transpose=transpose)
    image, spacing = models.brain(), (1.1, 1.0, 0.9)
    assert (models.predict_ours(bundle, image, spacing) != models.predict(folder, image, spacing)).mean() < DIFFERENT


def test_folds_are_averaged_as_nnunet_does(tmp_path):
    folder, bundle = _model(tmp_path, data=REGIONS, folds=(0, 1, 2))
    image, spacing = models.brain(), (2.0, 1.0, 1.2)
    assert len(bundle.networks) == 3
    assert (models.predict_ours(bundle, image, spacing) != models.predict(folder, image, spacing)).mean() < DIFFERENT
    some = read_nnunet(folder, Wishes(folds=("1",)))
    assert list(some.weights) == ["fold_1"]


def test_trained_network(tmp_path):
    folder, bundle = _model(tmp_path, steps=40)
    image, spacing = models.brain(), (2.0, 1.0, 1.2)
    assert (models.predict_ours(bundle, image, spacing) != models.predict(folder, image, spacing)).mean() < DIFFERENT


def test_cascade(tmp_path):
    coarse = models.configuration(spacing=[4.0, 2.0, 2.4], patch=[8, 12, 12])
    fine = models.configuration() | {"previous_stage": "3d_lowres"}
    content = models.plans({"3d_lowres": coarse | {"next_stage": "3d_cascade_fullres"}, "3d_cascade_fullres": fine})
    low = models.write_model(tmp_path / "T__P__3d_lowres", "3d_lowres", content, models.dataset(), seed=3)
    high = models.write_model(tmp_path / "T__P__3d_cascade_fullres", "3d_cascade_fullres", content, models.dataset())
    bundle = write_imported(read_nnunet(high), tmp_path / "bundle")
    image, spacing = models.brain(), (2.5, 1.0, 1.0)
    previous = models.predict(low, image, spacing)
    theirs = models.predict(high, image, spacing, previous[None].astype(np.float32))
    assert (models.predict_ours(bundle.previous, image, spacing) != previous).mean() < DIFFERENT
    assert (models.predict_ours(bundle, image, spacing) != theirs).mean() < DIFFERENT
    assert bundle.plan.previous == bundle.previous.name
    assert verify_bundle(bundle) < 1e-3
    low.rename(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match="3d_lowres"):
        read_nnunet(high)
    assert read_nnunet(high, Wishes(previous=tmp_path / "elsewhere")).previous.plan.name == bundle.previous.name


def test_reader_that_turns_images(tmp_path):
    """NibabelIOWithReorient turns to RAS: an image and its mirror image, told by their affines, give one result."""
    _, bundle = _model(tmp_path, reader="NibabelIOWithReorient", mirror=None)
    image, spacing = models.brain(), (2.0, 1.0, 1.2)
    plain = models.volumes(image, spacing)
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    turned = {name: Volume(volume.array[::-1], volume.affine @ flip) for name, volume in plain.items()}
    expected = predict_as_nnunet(bundle, plain).array
    found = predict_as_nnunet(bundle, turned)
    assert np.array_equal(found.array[:, ::-1], expected)
    assert found.grid.axis_codes == "LAS"


def test_plan_and_card_tell_what_was_read(tmp_path):
    _, bundle = _model(tmp_path, "3d", True, REGIONS, transpose=(2, 0, 1), patch=[8, 16, 24], mirror=(0,))
    plan = bundle.plan
    assert plan.channels == (Sequence.T1CE, Sequence.FLAIR)
    assert plan.network.name == "nnunet_resenc"
    assert plan.inference.tile == (8, 24, 16)  # nnU-Net's axes are x, z, y here
    assert plan.inference.mirror == (0,)
    assert plan.spacing == (2.0, 1.2, 1.0)
    assert [region.name for region in bundle.scheme.regions] == ["WT", "TC", "ET"]
    assert list(bundle.scheme.painting().values()) == [1, 2, 3]
    assert bundle.provenance["source"]["program"] == "nnU-Net 2"
    assert len(bundle.provenance["source"]["sha256"]["fold_0/checkpoint_final.pth"]) == 64
    assert "Nothing was measured" in bundle.card_line
    assert str(tmp_path) not in json.dumps(dict(bundle.provenance))


def _edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("dataset.json", lambda c: c["channel_names"].update({"1": "CT"}), "'CT'"),
        ("dataset.json", lambda c: c.pop("labels"), "labels"),
        ("plans.json", lambda c: c["configurations"]["3d_fullres"]["architecture"].update(
            {"network_class_name": "x.PrimusM"}), "PrimusM"),
        ("plans.json", lambda c: c["configurations"]["3d_fullres"].update(
            {"normalization_schemes": ["CTNormalization"] * 2}), "CTNormalization"),
        ("plans.json", lambda c: c["configurations"]["3d_fullres"].update(
            {"resampling_fn_data": "resample_torch_fornnunet"}), "resample_torch"),
        ("plans.json", lambda c: c["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"].update(
            {"dropout_op": "torch.nn.Dropout3d"}), "dropout_op"),
        ("plans.json", lambda c: c["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"].update(
            {"features_per_stage": [6, 8, 12]}), "shapes"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path, file, change, message):
    folder, _ = _model(tmp_path)
    _edit(folder / file, change)
    with pytest.raises(BundleError, match=message):
        write_imported(read_nnunet(folder), tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_channels_may_be_stated(tmp_path):
    folder, _ = _model(tmp_path)
    _edit(folder / "dataset.json", lambda c: c["channel_names"].update({"1": "zscore"}))
    stated = Wishes(channels=(Sequence.T1CE, Sequence.T2))
    assert read_nnunet(folder, stated).plan.channels == stated.channels
    with pytest.raises(BundleError, match="2 channels"):
        read_nnunet(folder, Wishes(channels=(Sequence.T1CE,)))


class Malice:
    """An object whose pickle would write a file when loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_pickled_objects_are_never_made(tmp_path):
    folder, _ = _model(tmp_path)
    path = folder / "fold_0" / "checkpoint_final.pth"
    content = torch.load(path, weights_only=False)
    torch.save(content | {"extra": Malice(tmp_path / "made")}, path)
    with pytest.raises(BundleError, match="open"):
        read_nnunet(folder)
    assert not (tmp_path / "made").exists()


def test_folders_are_told_apart(tmp_path):
    folder, bundle = _model(tmp_path)
    assert is_nnunet(folder)
    assert not is_nnunet(bundle.folder)
    with pytest.raises(BundleError, match="fold 7"):
        read_nnunet(folder, Wishes(folds=("7",)))
    with pytest.raises(BundleError, match="checkpoint_best"):
        read_nnunet(folder, Wishes(checkpoint="checkpoint_best.pth"))


def test_images_that_nnunet_could_not_read_are_refused(tmp_path):
    _, bundle = _model(tmp_path)
    images = models.volumes(models.brain(), (2.0, 1.0, 1.2))
    with pytest.raises(SequenceError, match="FLAIR"):
        predict_as_nnunet(bundle, {Sequence.T1CE: images[Sequence.T1CE]})
    flair = images[Sequence.FLAIR]
    with pytest.raises(GeometryError, match="different grids"):
        predict_as_nnunet(bundle, images | {Sequence.FLAIR: Volume(flair.array, flair.affine * 1.1)})
    with pytest.raises(ImageContentError, match="zeros"):
        predict_as_nnunet(bundle, {name: Volume(v.array * 0, v.affine) for name, v in images.items()})


def test_logits_too_large_for_half_precision_are_summed_in_single(tmp_path):
    _, bundle = _model(tmp_path)
    image, spacing = models.brain(), (2.0, 1.0, 1.2)
    expected = models.predict_ours(bundle, image, spacing)
    last = bundle.networks[0][""].network.decoder.seg_layers[-1]
    last.weight *= 1e6
    last.bias *= 1e6
    assert (models.predict_ours(bundle, image, spacing) == expected).mean() > 0.99
