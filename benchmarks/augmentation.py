"""Augmentation: ours against batchgeneratorsv2 (nnU-Net v2's) and MONAI, in one run, one thread.

    python benchmarks/augmentation.py [--edge 64] [--seconds 2]

Each transform is always applied, to all of four channels, with three nested regions beside them; numbers are drawn
anew each time. The spatial transform turns by up to 30 degrees about each axis and scales by 0.7 to 1.4: the peers
are given the larger box that nnU-Net cuts for it (here of the same size for both), ours the box that it asks for.
The last row is nnU-Net's whole default with its probabilities, from the arrays of a case in memory to a patch: it
includes the cut, and for batchgeneratorsv2 the making of regions from labels. MONAI has no rule of its own for the
larger box; it blurs, gammas and coarsens all channels alike. Prints mean CPU milliseconds a sample, and ratios.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from time import process_time

import numpy as np
import torch
from batchgeneratorsv2.helpers.scalar_type import RandomScalar
from batchgeneratorsv2.transforms.intensity.brightness import MultiplicativeBrightnessTransform
from batchgeneratorsv2.transforms.intensity.contrast import BGContrast, ContrastTransform
from batchgeneratorsv2.transforms.intensity.gamma import GammaTransform
from batchgeneratorsv2.transforms.intensity.gaussian_noise import GaussianNoiseTransform
from batchgeneratorsv2.transforms.noise.gaussian_blur import GaussianBlurTransform
from batchgeneratorsv2.transforms.spatial.low_resolution import SimulateLowResolutionTransform
from batchgeneratorsv2.transforms.spatial.mirroring import MirrorTransform
from batchgeneratorsv2.transforms.spatial.spatial import SpatialTransform
from batchgeneratorsv2.transforms.utils.compose import ComposeTransforms
from batchgeneratorsv2.transforms.utils.nnunet_masking import MaskImageTransform
from batchgeneratorsv2.transforms.utils.random import RandomTransform
from batchgeneratorsv2.transforms.utils.remove_label import RemoveLabelTansform
from batchgeneratorsv2.transforms.utils.seg_to_regions import ConvertSegmentationToRegionsTransform
from monai import transforms as monai
from nnunetv2.training.data_augmentation.compute_initial_patch_size import get_patch_size

from oncontour.augment import PRESETS, Composed, Sample
from oncontour.augment.interface import Size
from oncontour.core.labels import BRATS

TURN = np.deg2rad(30)
ROTATION: RandomScalar = (-TURN, TURN)


def head(edge: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Image (4, i, j, k), regions (3, i, j, k) and label map (1, i, j, k; -1 outside the brain), two patches wide."""
    axes = torch.meshgrid(*[torch.arange(2 * edge) - edge] * 3, indexing="ij")
    distance = torch.stack(axes).pow(2).sum(0).sqrt()
    brain = distance < 0.8 * edge
    regions = torch.stack([distance < radius * edge for radius in (0.3, 0.2, 0.12)])
    labels = torch.from_numpy(BRATS.decode(regions.numpy()).astype(np.int16))
    labels[~brain] = -1
    image = torch.randn(4, *brain.shape, generator=torch.Generator().manual_seed(0)) * brain
    return image, regions.float(), labels[None]


def middle(volumes: torch.Tensor, size: Size) -> torch.Tensor:
    """The box of that size in the middle of volumes (C, i, j, k), copied."""
    box = tuple(slice((whole - n) // 2, (whole - n) // 2 + n) for whole, n in zip(volumes.shape[1:], size, strict=True))
    return volumes[(slice(None), *box)].clone()


def ours(steps: tuple, edge: int) -> Callable[[], object]:
    """Cut what was asked for, and apply."""
    composed, rng = Composed.of(steps), np.random.default_rng(0)
    image, regions, _ = head(edge)
    patch = (edge, edge, edge)

    def run() -> Sample:
        drawn = composed.draw(rng, (4, *patch))
        needed = composed.reach(drawn, patch)
        return composed.apply(drawn, Sample(middle(image, needed), middle(regions, needed)))

    return run


def batchgenerators(transform: Callable, edge: int, size: Size) -> Callable[[], object]:
    """The same box each time, as nnU-Net does."""
    image, _, labels = head(edge)
    return lambda: transform(image=middle(image, size), segmentation=middle(labels, size))


def by_monai(transform: Callable, edge: int, size: Size) -> Callable[[], object]:
    """The same, on a dictionary of image and regions."""
    image, regions, _ = head(edge)
    return lambda: transform({"image": middle(image, size), "regions": middle(regions, size)})


def peer_transforms(edge: int) -> dict[str, tuple[Callable, Callable]]:
    """Of each of our names, batchgeneratorsv2's transform and MONAI's nearest."""
    patch = (edge, edge, edge)
    spatial = {"rotation": ROTATION, "scaling": (0.7, 1.4), "p_synchronize_scaling_across_axes": 1}
    border = {"border_mode_seg": "constant", "padding_value_seg": -1}
    both, modes = ["image", "regions"], ["bilinear", "nearest"]
    affine = {"spatial_size": patch, "rotate_range": [TURN] * 3, "scale_range": [(-0.3, 0.4)] * 3, "mode": modes}
    flips = monai.Compose([monai.RandFlipd(both, 0.5, axis) for axis in range(3)])
    return {
        "spatial": (
            SpatialTransform(patch, 0, False, p_rotation=1, p_scaling=1, **spatial, **border),
            monai.RandAffined(both, prob=1.0, padding_mode="zeros", **affine),
        ),
        "noise": (GaussianNoiseTransform((0, 0.1), 1, True), monai.RandGaussianNoised(["image"], 1.0, std=0.1)),
        "blur": (
            GaussianBlurTransform((0.5, 1.0), False, False, 1, benchmark=True),
            monai.RandGaussianSmoothd(["image"], *[(0.5, 1.0)] * 3, prob=1.0),
        ),
        "brightness": (
            MultiplicativeBrightnessTransform(BGContrast((0.75, 1.25)), False, 1),
            monai.RandScaleIntensityd(["image"], (-0.25, 0.25), 1.0, channel_wise=True),
        ),
        "contrast": (
            ContrastTransform(BGContrast((0.75, 1.25)), True, False, 1),
            monai.RandScaleIntensityFixedMeand(
                ["image"], (-0.25, 0.25), preserve_range=True, prob=1.0, channel_wise=True
            ),
        ),
        "low_resolution": (
            SimulateLowResolutionTransform((0.5, 1), False, True, None, None, 1),
            monai.RandSimulateLowResolutiond(["image"], 1.0, zoom_range=(0.5, 1.0)),
        ),
        "gamma": (
            GammaTransform(BGContrast((0.7, 1.5)), 0, False, 1, 1),
            monai.RandAdjustContrastd(["image"], 1.0, (0.7, 1.5), retain_stats=True),
        ),
        "mirror": (MirrorTransform((0, 1, 2)), flips),
    }


def nnunet_default(edge: int) -> Callable:
    """What nnU-Net v2's trainer composes for a cube, channels normalised over a mask, three regions."""
    due, contrast = RandomTransform, BGContrast((0.75, 1.25))
    return ComposeTransforms(
        [
            SpatialTransform(
                (edge,) * 3, 0, False, p_rotation=0.2, rotation=ROTATION, p_scaling=0.2, scaling=(0.7, 1.4),
                p_synchronize_scaling_across_axes=1, border_mode_seg="constant", padding_value_seg=-1,
            ),
            due(GaussianNoiseTransform((0, 0.1), 1, True), 0.1),
            due(GaussianBlurTransform((0.5, 1.0), False, False, 0.5, benchmark=True), 0.2),
            due(MultiplicativeBrightnessTransform(contrast, False, 1), 0.15),
            due(ContrastTransform(contrast, True, False, 1), 0.15),
            due(SimulateLowResolutionTransform((0.5, 1), False, True, None, None, 0.5), 0.25),
            due(GammaTransform(BGContrast((0.7, 1.5)), 1, False, 1, 1), 0.1),
            due(GammaTransform(BGContrast((0.7, 1.5)), 0, False, 1, 1), 0.3),
            MirrorTransform((0, 1, 2)),
            MaskImageTransform([0, 1, 2, 3], 0, 0),
            RemoveLabelTansform(-1, 0),
            ConvertSegmentationToRegionsTransform([(1, 2, 3), (1, 3), (3,)], 0),
        ]
    )  # fmt: skip


def monai_default(peers: dict[str, tuple[Callable, Callable]]) -> Callable:
    """The same set with the same probabilities from MONAI's transforms."""
    due = {
        "spatial": 0.36, "noise": 0.1, "blur": 0.2, "brightness": 0.15, "contrast": 0.15, "low_resolution": 0.25,
        "gamma": 0.4,
    }  # fmt: skip
    for name, probability in due.items():
        peers[name][1].prob = probability
    return monai.Compose([peers[name][1] for name in (*due, "mirror")]).set_random_state(0)


def milliseconds(run: Callable[[], object], seconds: float) -> float:
    """CPU milliseconds a run: the mean over a time."""
    run()
    began, runs = process_time(), 0
    while process_time() - began < seconds or runs < 3:
        run()
        runs += 1
    return 1000 * (process_time() - began) / runs


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edge", type=int, default=64, help="voxels along each axis of a patch")
    parser.add_argument("--seconds", type=float, default=0.8, help="CPU seconds for each cell")
    given = parser.parse_args()
    torch.set_num_threads(1)
    np.random.seed(0)  # noqa: NPY002
    edge, patch = given.edge, (given.edge,) * 3
    wide = tuple(int(n) for n in get_patch_size(patch, *[ROTATION] * 3, (0.85, 1.25)))
    always = {"spatial": {"rotation_probability": 1.0, "scaling_probability": 1.0}}
    always |= {name: {"channel_probability": 1.0} for name in ("blur", "low_resolution")}
    peers = peer_transforms(edge)
    rows = {
        name: (
            ours(((name, 1.0, always.get(name, {})),), edge),
            batchgenerators(peer, edge, wide if name == "spatial" else patch),
            by_monai(other, edge, wide if name == "spatial" else patch),
        )
        for name, (peer, other) in peers.items()
    }
    default = ours(PRESETS["nnunet"], edge), batchgenerators(nnunet_default(edge), edge, wide)
    print(f"{edge} x {edge} x {edge}, 4 channels, 3 regions: CPU ms a sample")
    print(f"{'':20s}{'ours':>8s}{'bgv2':>8s}{'MONAI':>8s}{'bgv2/ours':>11s}{'MONAI/ours':>12s}")
    for name, runs in rows.items():
        report(name, [milliseconds(run, given.seconds) for run in runs])
    runs = (*default, by_monai(monai_default(peers), edge, wide))
    report("nnU-Net's default", [milliseconds(run, 4 * given.seconds) for run in runs])
    for name in ("oncontour", "paper-002", "paper-004"):
        own = milliseconds(ours(PRESETS[name], edge), given.seconds)
        print(f"{'preset ' + name:20s}{own:8.1f}")


def report(name: str, times: list[float]) -> None:
    """One row."""
    own, peer, other = times
    print(f"{name:20s}{own:8.1f}{peer:8.1f}{other:8.1f}{peer / own:11.1f}{other / own:12.1f}", flush=True)


if __name__ == "__main__":
    main()
