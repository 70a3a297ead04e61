"""Tiny model folders as nnU-Net 2 leaves them, with its own networks, and its own prediction of an image."""

from __future__ import annotations

import contextlib
import io
import json

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.inference.nnunet.predict import predict_as_nnunet

BRATS_REGIONS = {"background": 0, "whole tumor": [1, 2, 3], "tumor core": [2, 3], "enhancing tumor": 3}
BRATS_LABELS = {"background": 0, "edema": 1, "non-enhancing tumor": 2, "enhancing tumour": 3}

KERNELS = {"3d": [[1, 3, 3], [3, 3, 3], [3, 3, 3]], "2d": [[3, 3]] * 3}
STRIDES = {"3d": [[1, 1, 1], [1, 2, 2], [2, 2, 2]], "2d": [[1, 1], [2, 2], [2, 2]]}


def resampling(kind, **changes):
    kwargs = {
        "data": {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None},
        "seg": {"is_seg": True, "order": 1, "order_z": 0, "force_separate_z": None},
        "probabilities": {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None},
    }[kind]
    return {f"resampling_fn_{kind}": "resample_data_or_seg_to_shape", f"resampling_fn_{kind}_kwargs": kwargs | changes}


def configuration(dimension="3d", residual=False, patch=None, spacing=None, **changes):
    flat = dimension == "2d"
    depth = {"n_blocks_per_stage": [1, 2, 2]} if residual else {"n_conv_per_stage": [2, 2, 2]}
    kind = "ResidualEncoderUNet" if residual else "PlainConvUNet"
    content = {
        "data_identifier": "x",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 2,
        "patch_size": patch or ([16, 20] if flat else [8, 16, 20]),
        "spacing": spacing or ([1.0, 1.2] if flat else [2.0, 1.0, 1.2]),
        "normalization_schemes": ["ZScoreNormalization", "ZScoreNormalization"],
        "use_mask_for_norm": [True, True],
        **resampling("data"),
        **resampling("seg"),
        **resampling("probabilities"),
        "batch_dice": True,
        "architecture": {
            "network_class_name": f"dynamic_network_architectures.architectures.unet.{kind}",
            "arch_kwargs": {
                "n_stages": 3,
                "features_per_stage": [6, 8, 10],
                "conv_op": f"torch.nn.modules.conv.Conv{dimension}",
                "kernel_sizes": KERNELS[dimension],
                "strides": STRIDES[dimension],
                **depth,
                "n_conv_per_stage_decoder": [1, 2],
                "conv_bias": True,
                "norm_op": f"torch.nn.modules.instancenorm.InstanceNorm{dimension}",
                "norm_op_kwargs": {"eps": 1e-05, "affine": True},
                "dropout_op": None,
                "dropout_op_kwargs": None,
                "nonlin": "torch.nn.LeakyReLU",
                "nonlin_kwargs": {"inplace": True},
            },
            "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
        },
    }
    return content | changes


def plans(configurations, transpose=(0, 1, 2), reader="SimpleITKIO"):
    return {
        "dataset_name": "Dataset001_Tiny",
        "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": [2.0, 1.0, 1.2],
        "original_median_shape_after_transp": [20, 40, 40],
        "image_reader_writer": reader,
        "transpose_forward": list(transpose),
        "transpose_backward": [int(n) for n in np.argsort(transpose)],
        "configurations": configurations,
        "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {"0": {}, "1": {}},
    }


def dataset(labels=None, order=None):
    content = {
        "channel_names": {"0": "T1ce", "1": "Flair"},
        "labels": labels or BRATS_LABELS,
        "numTraining": 1,
        "file_ending": ".nii.gz",
    }
    return content | ({"regions_class_order": order} if order else {})


def write_model(folder, name, content, data, folds=(0,), mirror=(0, 1, 2), seed=0, steps=0):
    """A model folder with folds of nnU-Net's own networks; `steps` of training on noise's smooth parts."""
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
    from nnunetv2.utilities.label_handling.label_handling import determine_num_input_channels
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    folder.mkdir(parents=True)
    (folder / "plans.json").write_text(json.dumps(content))
    (folder / "dataset.json").write_text(json.dumps(data))
    manager = PlansManager(json.loads(json.dumps(content)))
    config = manager.get_configuration(name)
    heads = manager.get_label_manager(data).num_segmentation_heads
    inputs = determine_num_input_channels(manager, config, data)
    flat = len(config.patch_size) == 2
    for fold in folds:
        torch.manual_seed(seed + fold)
        network = get_network_from_plans(
            config.network_arch_class_name, config.network_arch_init_kwargs,
            config.network_arch_init_kwargs_req_import, inputs, heads, deep_supervision=False,
        )  # fmt: skip
        train(network, inputs, heads, config.patch_size, flat, steps, seed + fold)
        checkpoint = {
            "network_weights": network.state_dict(),
            "optimizer_state": {"state": {}, "param_groups": []},
            "logging": {"mean_fg_dice": [np.float64(0.5), np.float32(0.25)], "ema": np.zeros(3)},
            "_best_ema": np.float64(0.5),
            "init_args": {"configuration": name, "fold": fold, "device": torch.device("cpu"), "plans": content},
            "trainer_name": "nnUNetTrainer",
            "inference_allowed_mirroring_axes": mirror,
        }
        (folder / f"fold_{fold}").mkdir()
        torch.save(checkpoint, folder / f"fold_{fold}" / "checkpoint_final.pth")
    return folder


def train(network, inputs, heads, patch, flat, steps, seed):
    """A few steps towards classes that the image's smooth parts tell, so that logits have structure and edges."""
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    smooth = torch.nn.functional.avg_pool2d if flat else torch.nn.functional.avg_pool3d
    for _ in range(steps):
        image = smooth(torch.randn(2, inputs, *patch, generator=generator), 5, 1, 2) * 5
        target = (image[:, 0] * 1.5).round().clamp(0, heads - 1).long()
        loss = torch.nn.functional.cross_entropy(network(image), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    network.eval()


def brain(shape=(30, 26, 18), seed=0):
    """Two channels (2, z, y, x) of smooth noise in an ellipsoid, 0 outside it; shape is (x, y, z)."""
    rng = np.random.default_rng(seed)
    size = shape[::-1]
    places = np.stack(np.meshgrid(*(np.linspace(-1.15, 1.15, n) for n in size), indexing="ij"))
    inside = (places**2).sum(0) < 1
    noise = np.stack([gaussian_filter(rng.normal(size=size), 1.5) for _ in range(2)])
    return ((100 + 300 * noise) * inside).astype(np.float32)


def predict(folder, image, spacing, previous=None):
    """nnU-Net's label map (z, y, x) of an image (C, z, y, x); spacing is (z, y, x) in mm."""
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    with contextlib.redirect_stdout(io.StringIO()):
        predictor = nnUNetPredictor(device=torch.device("cpu"), allow_tqdm=False)
        predictor.initialize_from_trained_model_folder(str(folder), None)
        return predictor.predict_single_npy_array(image, {"spacing": list(spacing)}, previous, None, False)


def volumes(image, spacing):
    """The same image as studies give it: by sequence, axes (x, y, z)."""
    affine = np.diag([*spacing[::-1], 1.0])
    return {name: Volume(part.T, affine) for name, part in zip((Sequence.T1CE, Sequence.FLAIR), image, strict=True)}


def predict_ours(bundle, image, spacing):
    """Our label map (z, y, x) of the same image."""
    found = predict_as_nnunet(bundle, volumes(image, spacing))
    return bundle.scheme.decode(found.array > 0.5).T
