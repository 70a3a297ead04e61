"""nnU-Net v2 itself: its planner and preprocessing, its trainer, its predictor.

Changed are the numbers of the plan (patch, batch, stages), how many epochs of how many steps, and the seed of the first
weights; its augmentation takes no seed. It plans, trains and predicts as its command line does. Its first weights are
where ours begins too.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from contenders.clock import Clock
from contenders.task import NUMBERS, Task

CONFIGURATION = "3d_fullres"


def set_folders(task: Task, results: Path) -> None:
    """nnU-Net takes its folders and the numbers of its processes from the environment alone."""
    folders = {"raw": task.work / "raw", "preprocessed": task.work / "preprocessed", "results": results}
    os.environ.update({f"nnUNet_{name}": str(folder) for name, folder in folders.items()})
    os.environ.update({"nnUNet_n_proc_DA": str(task.workers), "nnUNet_def_n_proc": "1"})


def plans_file(task: Task) -> Path:
    """The edited plan."""
    return task.work / "preprocessed" / task.raw("training").name / "nnUNetPlans.json"


def prepare(task: Task) -> None:
    """Fingerprint, plan and preprocess by nnU-Net, its plan edited to the task's; what is there is kept."""
    set_folders(task, task.work)
    from nnunetv2.experiment_planning import plan_and_preprocess_api as api

    finished = plans_file(task).with_name("prepared.json")
    wanted = {"edge": task.edge, "batch": task.batch, "features": list(task.features)}
    if finished.exists() and json.loads(finished.read_text("utf-8")) == wanted:
        return
    number = NUMBERS["training"]
    api.extract_fingerprint_dataset(number, num_processes=1, check_dataset_integrity=True)
    api.plan_experiment_dataset(number)
    plans = json.loads(plans_file(task).read_text("utf-8"))
    edit(plans["configurations"][CONFIGURATION], task)
    plans_file(task).write_text(json.dumps(plans, indent=2), "utf-8")
    api.preprocess_dataset(number, configurations=(CONFIGURATION,), num_processes=(1,))
    finished.write_text(json.dumps(wanted), "utf-8")


def edit(configuration: dict[str, Any], task: Task) -> None:
    """Put the task's patch, batch and stages into a configuration."""
    stages = len(task.features)
    configuration |= {"patch_size": list(task.patch), "batch_size": task.batch}
    configuration["architecture"]["arch_kwargs"] |= {
        "n_stages": stages,
        "features_per_stage": list(task.features),
        "kernel_sizes": [[3, 3, 3]] * stages,
        "strides": [[1, 1, 1]] + [[2, 2, 2]] * (stages - 1),
        "n_conv_per_stage": [2] * stages,
        "n_conv_per_stage_decoder": [2] * (stages - 1),
    }


def run(task: Task, seed: int, clock: Clock, out: Path) -> int:
    """Train on all cases, predict the held-out ones."""
    set_folders(task, out)
    import torch
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

    class Trainer(nnUNetTrainer):
        """So many steps, one validation step an epoch; batches come from the clock."""

        def get_dataloaders(self) -> tuple[Any, Any]:
            self.loader, validation = super().get_dataloaders()
            return clock(self.loader), validation

        def on_train_end(self) -> None:
            self.dataloader_train = self.loader  # Whose processes are ended here.
            super().on_train_end()

    torch.backends.cudnn.benchmark = True
    trainer = make_trainer(Trainer, task, seed, task.device)
    trainer.num_val_iterations_per_epoch = 1  # It changes nothing of the training.
    trainer.run_training()
    if task.held_out:
        predict(trainer, task, out)
    return sum(parameter.numel() for parameter in trainer.network.parameters())


def make_trainer(kind: type[Any], task: Task, seed: int, device: str) -> Any:
    """A trainer of all cases, which draws its first weights next."""
    import torch

    plans = json.loads(plans_file(task).read_text("utf-8")) | {"continue_training": False}
    dataset = json.loads((task.raw("training") / "dataset.json").read_text("utf-8"))
    torch.manual_seed(seed)
    trainer = kind(plans, CONFIGURATION, "all", dataset, torch.device(device))
    trainer.num_epochs, trainer.num_iterations_per_epoch = task.epochs, task.steps
    return trainer


def first_weights(task: Task, seed: int) -> dict[str, Any]:
    """The weights with which `run` begins at a seed."""
    with TemporaryDirectory() as folder:
        set_folders(task, Path(folder))  # Where a trainer begins its log.
        from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

        trainer = make_trainer(nnUNetTrainer, task, seed, "cpu")
        trainer.initialize()
        return trainer.network.state_dict()


def predict(trainer: Any, task: Task, out: Path) -> None:
    """The held-out cases, without mirrored views."""
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    trainer.set_deep_supervision_enabled(False)
    trainer.network.eval()
    predictor = nnUNetPredictor(use_mirroring=False, device=trainer.device, allow_tqdm=False)
    predictor.manual_initialization(
        trainer.network, trainer.plans_manager, trainer.configuration_manager, [trainer.network.state_dict()],
        trainer.dataset_json, type(trainer).__name__, None,
    )  # fmt: skip
    predictor.predict_from_files_sequential(str(task.raw("held_out") / "imagesTr"), str(out))
