"""MONAI: its DynUNet, which is nnU-Net's U-Net, with its transforms, cached data set, losses and sliding window.

MONAI has no trainer that plans: the loop is the plain one of its tutorials, bf16 on a GPU. Its transforms are those of
`benchmarks/augmentation.py`, the nearest that it has to nnU-Net's set.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from augmentation import monai_default, peer_transforms
from monai import transforms
from monai.data import CacheDataset, DataLoader
from monai.inferers import SlidingWindowInferer
from monai.losses import DeepSupervisionLoss, DiceLoss
from monai.networks.nets import DynUNet
from monai.utils import set_determinism
from torch import Tensor, nn
from torch.utils.data import RandomSampler

from contenders.clock import Clock
from contenders.task import Task
from oncontour.core.labels import BRATS
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti

KEYS = ["image", "regions"]


def prepare(task: Task) -> None:
    """Nothing: cases are read and normalised when a run begins, as its cached data set does."""


def run(task: Task, seed: int, clock: Clock, out: Path) -> int:
    """Train on all cases, predict the held-out ones."""
    set_determinism(seed)
    device = torch.device(task.device)
    network = unet(task).to(device)
    optimiser = torch.optim.SGD(network.parameters(), 0.01, 0.99, weight_decay=3e-5, nesterov=True)
    schedule = torch.optim.lr_scheduler.PolynomialLR(optimiser, task.epochs * task.steps, 0.9)
    loss = DeepSupervisionLoss(DiceAndEntropy(), weights=list(task.deep_weights))
    for batch in clock(loader(task)):
        image, regions = (batch[key].to(device, non_blocking=True) for key in KEYS)
        with torch.autocast(task.device, torch.bfloat16, enabled=task.device == "cuda"):
            outputs = network(image)
        optimiser.zero_grad()
        loss([one.float() for one in outputs.unbind(1)], regions.float()).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 12)
        optimiser.step()
        schedule.step()
    if task.held_out:
        predict(network.eval(), task, out)
    return sum(parameter.numel() for parameter in network.parameters())


class DiceAndEntropy(nn.Module):
    """Soft Dice and cross-entropy of overlapping regions."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList([DiceLoss(sigmoid=True), nn.BCEWithLogitsLoss()])

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Their sum, of (B, R, i, j, k)."""
        return torch.stack([part(logits, target) for part in self.parts]).sum()


def unet(task: Task) -> DynUNet:
    """The same stages as nnU-Net's; its further outputs are brought to full resolution by itself."""
    stages = len(task.features)
    return DynUNet(
        3, 4, len(BRATS.regions), [3] * stages, [1] + [2] * (stages - 1), [2] * (stages - 1), list(task.features),
        norm_name=("INSTANCE", {"affine": True}), deep_supervision=True, deep_supr_num=len(task.deep_weights) - 1,
    )  # fmt: skip


def files(task: Task, part: str) -> list[dict[str, object]]:
    """Images and label map of each case, as nnU-Net's raw data have them."""
    folder = task.raw(part)
    labels = sorted((folder / "labelsTr").glob("*.nii.gz"))
    stems = [path.name.removesuffix(".nii.gz") for path in labels]
    images = [[str(folder / "imagesTr" / f"{stem}_{n:04d}.nii.gz") for n in range(4)] for stem in stems]
    return [{"image": image, "regions": str(path)} for image, path in zip(images, labels, strict=True)]


def read() -> list[transforms.Transform]:
    """What is done once to a case."""
    return [
        transforms.LoadImaged(KEYS, ensure_channel_first=True),
        transforms.Lambdad("regions", as_regions),
        transforms.NormalizeIntensityd("image", nonzero=True, channel_wise=True),
        transforms.EnsureTyped(KEYS, track_meta=False, dtype=torch.float32),
    ]


def as_regions(labels: Tensor) -> Tensor:
    """(1, i, j, k) of values to (R, i, j, k)."""
    values: Sequence[Sequence[int]] = [BRATS.values(region) for region in BRATS.regions]
    return torch.cat([torch.isin(labels, torch.tensor(own, dtype=labels.dtype)) for own in values])


def loader(task: Task) -> DataLoader:
    """Batches of the whole training; a third of the patches hold tumour for certain."""
    drawn = [
        transforms.SpatialPadd(KEYS, task.patch),
        transforms.RandCropByPosNegLabeld(KEYS, "regions", task.patch, pos=1, neg=2, num_samples=1),
        monai_default(peer_transforms(task.edge)),
    ]
    cases = CacheDataset(files(task, "training"), transforms.Compose([*read(), *drawn]), progress=False)
    sampler = RandomSampler(cases, replacement=True, num_samples=task.epochs * task.steps * task.batch)
    return DataLoader(
        cases, batch_size=task.batch, sampler=sampler, num_workers=task.workers, pin_memory=task.device == "cuda"
    )


def predict(network: nn.Module, task: Task, out: Path) -> None:
    """The held-out cases, without mirrored views."""
    from nibabel.loadsave import load

    inferer = SlidingWindowInferer(task.patch, overlap=0.5, mode="gaussian")
    for case in files(task, "held_out"):
        image = transforms.Compose(read())(case)["image"]
        with torch.inference_mode():
            masks = inferer(image[None].to(task.device), network)[0].cpu().numpy() > 0
        path = Path(str(case["regions"]))
        write_nifti(Volume(BRATS.decode(masks), load(path).affine), out / path.name, "uint8")
