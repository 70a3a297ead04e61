"""nnU-Net 1: a network built to its layout and names, in nnU-Net's axes, and ours from its weights.

nnU-Net 1 is no dependency of the tests. Tried once by hand against version 1.7.1, the predictions of a 2-D and a 3-D
model agreed in all of 14,040 voxels.
"""

import json
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from oncontour.core.errors import BundleError
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.inference.bundle import verify_bundle
from oncontour.inference.nnunet.predict import predict_as_nnunet
from oncontour.interchange.imported import write_imported
from oncontour.interchange.nnunet_v1 import is_nnunet_v1, read_nnunet_v1
from oncontour.interchange.wishes import Wishes

FEATURES = [6, 8, 10]
POOLS = {3: [[1, 2, 2], [2, 2, 2]], 2: [[2, 2], [2, 2]]}
KERNELS = {3: [[1, 3, 3], [3, 3, 3], [3, 3, 3]], 2: [[3, 3]] * 3}


class Layer(nn.Module):
    def __init__(self, axes, inputs, outputs, kernel, stride=1):
        super().__init__()
        convolution, norm = (nn.Conv3d, nn.InstanceNorm3d) if axes == 3 else (nn.Conv2d, nn.InstanceNorm2d)
        self.conv = convolution(inputs, outputs, kernel, stride, [n // 2 for n in kernel])
        self.instnorm = norm(outputs, affine=True)
        nn.init.normal_(self.instnorm.weight, 1, 0.3)
        nn.init.normal_(self.instnorm.bias, 0, 0.3)

    def forward(self, x):
        return nn.functional.leaky_relu(self.instnorm(self.conv(x)), 0.01)


class Layers(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.blocks = nn.Sequential(*layers)

    def forward(self, x):
        return self.blocks(x)


class Version1(nn.Module):
    """Two convolutions a stage; the decoder's have the kernels of the stage below."""

    def __init__(self, axes, outputs):
        super().__init__()
        kernels, pools, f = KERNELS[axes], POOLS[axes], FEATURES
        up = nn.ConvTranspose3d if axes == 3 else nn.ConvTranspose2d
        head = nn.Conv3d if axes == 3 else nn.Conv2d
        self.conv_blocks_context = nn.ModuleList([
            Layers(Layer(axes, 2, f[0], kernels[0]), Layer(axes, f[0], f[0], kernels[0])),
            Layers(Layer(axes, f[0], f[1], kernels[1], pools[0]), Layer(axes, f[1], f[1], kernels[1])),
            nn.Sequential(
                Layers(Layer(axes, f[1], f[2], kernels[2], pools[1])), Layers(Layer(axes, f[2], f[2], kernels[2]))
            ),
        ])  # fmt: skip
        self.conv_blocks_localization = nn.ModuleList(
            nn.Sequential(Layers(Layer(axes, 2 * n, n, kernel)), Layers(Layer(axes, n, n, kernel)))
            for n, kernel in ((f[1], kernels[2]), (f[0], kernels[1]))
        )
        self.tu = nn.ModuleList([
            up(f[2], f[1], pools[1], pools[1], bias=False), up(f[1], f[0], pools[0], pools[0], bias=False)
        ])  # fmt: skip
        self.seg_outputs = nn.ModuleList(head(n, outputs, 1, bias=False) for n in (f[1], f[0]))

    def forward(self, x):
        kept = [self.conv_blocks_context[0](x)]
        kept.append(self.conv_blocks_context[1](kept[0]))
        x = self.conv_blocks_context[2](kept[1])
        for n in range(2):
            x = self.conv_blocks_localization[n](torch.cat((self.tu[n](x), kept[1 - n]), 1))
        return self.seg_outputs[1](x)


def _write(folder, axes=3, trainer="nnUNetTrainerV2", outputs=4, transpose=(0, 1, 2), **changes):
    torch.manual_seed(0)
    network = Version1(axes, outputs).eval()
    stage = {
        "batch_size": 2, "patch_size": np.array([8, 16, 20][3 - axes :]), "current_spacing": np.array([2.0, 1.0, 1.2]),
        "pool_op_kernel_sizes": POOLS[axes], "conv_kernel_sizes": KERNELS[axes],
    }  # fmt: skip
    plans = {
        "plans_per_stage": OrderedDict({0: stage}), "modalities": {0: "T1ce", 1: "Flair"}, "all_classes": [1, 2, 3],
        "normalization_schemes": OrderedDict({0: "nonCT", 1: "nonCT"}),
        "use_mask_for_norm": OrderedDict({0: True, 1: True}), "transpose_forward": list(transpose),
        "preprocessor_name": "GenericPreprocessor", "conv_per_stage": 2, "num_classes": 3, **changes,
    }  # fmt: skip
    (folder / "fold_0").mkdir(parents=True)
    (folder / "plans.pkl").write_bytes(pickle.dumps(plans))
    checkpoint = folder / "fold_0" / "model_final_checkpoint.model"
    torch.save({"state_dict": network.state_dict(), "plot_stuff": ([np.float64(1)], [])}, checkpoint)
    info = OrderedDict(init=("plans", 0, "out", "data", True, 0, True, False, True), name=trainer, plans=plans)
    checkpoint.with_name(checkpoint.name + ".pkl").write_bytes(pickle.dumps(info))
    return network


@pytest.mark.parametrize("transpose", [(0, 1, 2), (2, 0, 1)])
@pytest.mark.parametrize("axes", [3, 2])
def test_network_is_that_of_version_1(tmp_path, axes, transpose):
    theirs = _write(tmp_path / "Task001_T" / "T__P", axes, transpose=transpose)
    bundle = write_imported(read_nnunet_v1(tmp_path / "Task001_T" / "T__P"), tmp_path / "bundle")
    x = torch.randn(1, 2, 8, 16, 20)  # in nnU-Net's axes
    order = [2 - axis for axis in transpose]  # the file's axis of each of nnU-Net's
    to_file = [0, 1, *(2 + order.index(axis) for axis in range(3))]
    with torch.inference_mode():
        expected = theirs(x) if axes == 3 else torch.stack([theirs(x[:, :, n]) for n in range(8)], 2)
        found = bundle.networks[0][""](x.permute(to_file))
    assert torch.allclose(found, expected.permute(to_file), atol=1e-4)
    assert expected.std() > 0.1
    assert verify_bundle(bundle) < 1e-3


def test_prediction_averages_probabilities_after_scaling_what_was_resampled(tmp_path):
    _write(tmp_path / "T__P")
    bundle = write_imported(read_nnunet_v1(tmp_path / "T__P"), tmp_path / "bundle")
    assert bundle.plan.inference.average == "probabilities"
    assert (bundle.steps.version, bundle.steps.spacing) == (1, (1.2, 1.0, 2.0))
    rng = np.random.default_rng(0)
    image = {s: Volume(rng.normal(100, 20, (24, 20, 10)), np.diag([1.0, 1, 3, 1])) for s in (Sequence.T1CE, "FLAIR")}
    found = predict_as_nnunet(bundle, {Sequence(name): volume for name, volume in image.items()}).array
    assert found.shape == (len(bundle.scheme.regions), 24, 20, 10)
    assert found.std() > 0


def test_regions_of_brats_trainers(tmp_path):
    _write(tmp_path / "T__P", trainer="nnUNetTrainerV2BraTSRegions_DA4_BN", outputs=3)
    model = read_nnunet_v1(tmp_path / "T__P")
    assert [region.name for region in model.scheme.regions] == ["WT", "TC", "ET"]
    assert model.plan.training.loss.output == "sigmoid"


def test_labels_get_their_names_from_a_data_set(tmp_path):
    _write(tmp_path / "T__P")
    assert is_nnunet_v1(tmp_path / "T__P")
    assert [r.name for r in read_nnunet_v1(tmp_path / "T__P").scheme.regions] == ["label 1", "label 2", "label 3"]
    path = tmp_path / "dataset.json"
    names = ["background", "edema", "non-enhancing tumor", "enhancing tumour"]
    path.write_text(json.dumps({"labels": dict(enumerate(names))}))
    scheme = read_nnunet_v1(tmp_path / "T__P", Wishes(dataset=path)).scheme
    assert dict(scheme.painting()) == {"WT": 1, "TC": 2, "ET": 3}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trainer": "nnUNetTrainerV2CascadeFullRes"}, "cascade"),
        ({"outputs": 3}, "3 outputs"),
        ({"normalization_schemes": {0: "CT", 1: "CT"}}, "CT"),
        ({"preprocessor_name": "Preprocessor3DDifferentResampling"}, "DifferentResampling"),
        ({"modalities": {0: "MRI", 1: "PET"}}, "MRI"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path, changes, message):
    _write(tmp_path / "T__P", **changes)
    with pytest.raises(BundleError, match=message):
        read_nnunet_v1(tmp_path / "T__P")
