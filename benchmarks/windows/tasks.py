"""What is predicted: a network with weights that draw labels with edges, and a phantom's brain of 1 mm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile, rmtree

import numpy as np
import torch
from cohort import Subject, subjects
from numpy.typing import NDArray
from safetensors.torch import load_model, save_model
from torch import nn
from torch.nn import functional

from oncontour.core.labels import BRATS
from oncontour.core.sequence import Sequence as Image
from oncontour.data.phantom.cohort import write_cohort
from oncontour.data.phantom.settings import Settings
from oncontour.inference.tiling import stride_and_margin, tile_starts
from oncontour.networks import build_network
from oncontour.networks.facts import facts
from oncontour.networks.standard import INPUTS, STANDARD
from oncontour.plans.plan import InferencePlan

CHANNELS = (Image.T1, Image.T1CE, Image.T2, Image.FLAIR)
BRAIN = (140, 180, 140)
TILE = (128, 128, 128)
SEED = 6
RATE = 1e-3


@dataclass(frozen=True)
class Task:
    """One network to run over one image.

    Args:
        title: heading of its table.
        work: what is done, in words.
        network: of `STANDARD`.
        image: voxels along each axis.
        tile: likewise, as written.
        patch: on which its weights are trained a little.
        overlap: share of a tile.
        weighting: of a tile's voxels.
        mirror: axes; every combination of them.
        boxes: places (as shares of the image from its middle outwards) where the network runs over it, in three views
            each; empty: the whole image as it lies.
        programs: that do it, ours first.
        peer: with whose labels all are compared.
        aims: ours, peer, how many times faster.
        steps: of its training.
    """

    title: str
    work: str
    network: str
    image: tuple[int, int, int]
    tile: tuple[int, int, int]
    patch: tuple[int, int, int]
    programs: tuple[str, ...]
    peer: str
    aims: tuple[tuple[str, str, float], ...]
    overlap: float = 0.5
    weighting: str = "gaussian"
    mirror: tuple[int, ...] = ()
    boxes: tuple[float, ...] = ()
    steps: int = 30

    @property
    def plan(self) -> InferencePlan:
        """How it is run: as nnU-Net and MONAI do."""
        return InferencePlan.model_validate({
            "mirror": self.mirror, "combinations": True, "tile": self.tile, "overlap": self.overlap,
            "weighting": self.weighting, "average": "logits", "whole_tiles": True,
        })  # fmt: skip

    @property
    def gflops(self) -> float:
        """10^9 operations of the whole task, counted on the network."""
        margin = facts(self.network).margin
        read = [size + 2 * rim for size, rim in zip(self.tile, margin, strict=True)]
        tiles = 0
        for shape in self.shapes():
            tiles += int(np.prod([len(tile_starts(n, t, self.overlap)) for n, t in zip(shape, self.tile, strict=True)]))
        return facts(self.network, patch=read).gflops * tiles * 2 ** len(self.mirror)

    def shapes(self) -> list[tuple[int, ...]]:
        """Of the images that the network sees."""
        if not self.boxes:
            return [self.image]
        empty = np.empty((1, *self.image), bool)
        return [seen.shape[1:] for seen in views(empty, self.boxes)]


def views(image: NDArray, boxes: Sequence[float]) -> list[NDArray]:
    """The image (C, i, j, k) and what lies in smaller boxes, each with slices along one axis after the other."""
    seen = []
    for share in boxes:
        size = [round(n * share) for n in image.shape[1:]]
        box = tuple(slice((n - s) // 2, (n - s) // 2 + s) for n, s in zip(image.shape[1:], size, strict=True))
        part = image[(slice(None), *box)]
        seen += [part.transpose(0, *(1 + axis for axis in order)) for order in ((0, 1, 2), (0, 2, 1), (1, 2, 0))]
    return seen


def prepare(task: Task, folder: Path) -> None:
    """image.npy (C, i, j, k) and weights.safetensors, those of all tasks with this network; what is there is kept.

    With other weights all that was made of the former ones goes.
    """
    if (folder / "weights.safetensors").exists():
        return
    if folder.exists():
        rmtree(folder)
    folder.mkdir(parents=True)
    trained = folder.parent / f"{task.network}-{task.steps}.safetensors"
    subject = phantom(folder.parent / "phantom")
    stack = np.stack([subject.images[sequence].array for sequence in CHANNELS]).astype(np.float32)
    np.save(folder / "image.npy", _middle(stack, subject.brain.array, task.image))
    if not trained.exists():
        save_model(_trained(task, stack, subject.labels), str(trained))
    copyfile(trained, folder / "weights.safetensors")


def made(task: Task, folder: Path | None = None) -> nn.Module:
    """The network as it predicts; with the weights of the folder, where one is given."""
    standard = STANDARD[task.network]
    torch.manual_seed(0)
    network = build_network(standard.network, {"inputs": INPUTS, "outputs": standard.outputs, **standard.arguments})
    if folder:
        load_model(network, folder / "weights.safetensors")
    return network.eval()


def phantom(folder: Path) -> Subject:
    """One patient at 1 mm, prepared."""
    write_cohort(folder, 1, SEED, Settings())
    return next(iter(subjects(folder)))


def _middle(stack: NDArray[np.float32], brain: NDArray[np.bool_], shape: Sequence[int]) -> NDArray[np.float32]:
    """A box (C, i, j, k) of that shape about the brain's middle; zeros beyond the image."""
    padded = np.pad(stack, ((0, 0), *((size, size) for size in shape)))
    hit = np.argwhere(brain)
    low = [
        round((a + b) / 2 - size / 2) + size
        for a, b, size in zip(hit.min(axis=0), hit.max(axis=0) + 1, shape, strict=True)
    ]
    return np.ascontiguousarray(padded[(slice(None), *(slice(a, a + n) for a, n in zip(low, shape, strict=True)))])


def _trained(task: Task, stack: NDArray[np.float32], labels: NDArray) -> nn.Module:
    """The network after some steps: half of the patches lie about the tumour, half anywhere."""
    network, patch = made(task), task.patch
    _, margin = stride_and_margin(network)
    regions = BRATS.regions[: STANDARD[task.network].outputs]
    masks = np.stack([np.isin(labels, BRATS.values(region)) for region in regions])
    tumour, room = np.argwhere(masks[0]).mean(axis=0), np.subtract(masks.shape[1:], patch)
    draw = np.random.default_rng(SEED)
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, task.steps)
    for step in range(task.steps):
        near = tumour - np.array(patch) / 2 + draw.normal(size=3) * 10
        low = np.clip(draw.random(3) * room if step % 2 else near, 0, room).astype(int)
        box = tuple(slice(a, a + n) for a, n in zip(low, patch, strict=True))
        inner = tuple(slice(a + m, a + n - m) for a, n, m in zip(low, patch, margin, strict=True))
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(torch.from_numpy(stack[(slice(None), *box)].copy())[None])
        target = torch.from_numpy(masks[(slice(None), *inner)].astype(np.float32))[None]
        loss = functional.binary_cross_entropy_with_logits(logits.float(), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        slower.step()
    return network


BF16, FP32, PLAIN = "openvino-bf16", "openvino", "torch"

TASKS: Mapping[str, Task] = {
    "plain": Task(
        "nnU-Net's U-Net of 31 million parameters",
        "140 x 180 x 140 voxels, four sequences, tiles of 128 x 128 x 128, half overlapping, nnU-Net's Gaussian, no "
        "mirrored views: the same weights in nnU-Net's own predictor and in ours, from prepared image to logits. The "
        "phantom's tumour has 116 mL, 5 of them enhancing.",
        "nnunet", BRAIN, TILE, (64, 64, 64),
        (BF16, FP32, PLAIN, "nnunet", "nnunet-bf16"), "nnunet",
        ((BF16, "nnunet", 10.0), (BF16, "nnunet-bf16", 4.0)), steps=1200,
    ),
    "mirrored": Task(
        "The same with mirrored views",
        "One tile of 128 x 128 x 128, seen in all eight mirrored views.",
        "nnunet", TILE, TILE, (64, 64, 64), (BF16, "nnunet"), "nnunet", ((BF16, "nnunet", 6.0),), mirror=(0, 1, 2),
        steps=1200,
    ),
    "resenc": Task(
        "nnU-Net's residual encoder",
        "One tile of 128 x 128 x 128, without mirrored views.",
        "nnunet_resenc", TILE, TILE, (64, 64, 64), (BF16, "nnunet"), "nnunet", ((BF16, "nnunet", 6.0),),
    ),
    "segresnet": Task(
        "SegResNet",
        "140 x 180 x 140 voxels in one window of 144 x 184 x 144, MONAI's `sliding_window_inference` beside ours.",
        "segresnet", BRAIN, (144, 184, 144), (48, 48, 48), (BF16, PLAIN, "monai"), "monai", ((BF16, "monai", 6.0),),
        steps=400,
    ),
    "deepmedic": Task(
        "DeepMedic, dense",
        "140 x 180 x 140 voxels. MONAI's inferer has no windows for valid convolutions; beside ours stands the same "
        "network in torch by the segments of the original program (45 x 45 x 45 voxels, of which 27 x 27 x 27 are "
        "predicted).",
        "deepmedic", BRAIN, (90, 90, 90), (75, 75, 75), (BF16, PLAIN, "segments"), "segments",
        ((BF16, "segments", 6.0),), overlap=0.0, weighting="constant",
    ),
    "ar-ca": Task(
        "AR-CA, nine networks",
        "150 x 168 x 150 voxels, and boxes of 0.5 and 0.4 of its edges, each in three views by a network of its own "
        "(here with the same weights) in windows of 24 slices, a quarter overlapping: MONAI's "
        "`sliding_window_inference` nine times beside ours, whose windows lie as nnU-Net's, some slices apart.",
        "ar_ca", (150, 168, 150), (168, 168, 24), (144, 144, 24), (BF16, PLAIN, "monai"), "monai",
        ((BF16, "monai", 6.0),), overlap=0.25, weighting="constant", boxes=(1.0, 0.5, 0.4), steps=100,
    ),
}  # fmt: skip
