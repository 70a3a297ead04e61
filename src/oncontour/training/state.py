"""Everything that changes in a training, and its checkpoints: saved whole, so that a run goes on where it was.

`last.pt` holds all of it; `best.pt` the weights of the best validation. Both are read with `weights_only`: nothing in
them is pickled code. Samples are drawn anew from (seed, step, number), so no generator has a state to keep.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from oncontour.core.errors import InputError
from oncontour.data.files import write_whole
from oncontour.networks import build_network
from oncontour.plans.plan import NetworkPlan
from oncontour.plans.training import TrainingPlan
from oncontour.training.freezing import freeze
from oncontour.training.optimisers import Plateau, make_optimiser
from oncontour.training.stopping import Best

FORMAT = 1
"""Of the checkpoints; one that a later version writes otherwise gets another number."""


@dataclass
class TrainState:
    """Everything that changes during a training.

    Args:
        network: being trained.
        average: exponential moving average of its weights; None where the plan has none.
        optimiser: with its moments.
        step: steps done.
        seconds: of all runs together.
        running: sum of the losses of this epoch so far.
        plateau: of the validation loss.
        best: of the validation scores.
        history: one row an epoch, as `log.csv` shows them.
        precision: state of the loss scaler (fp16).
    """

    network: nn.Module
    average: nn.Module | None
    optimiser: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    running: float = 0.0
    plateau: Plateau = field(default_factory=Plateau)
    best: Best = field(default_factory=Best)
    history: list[dict[str, float]] = field(default_factory=list)
    precision: dict[str, Any] = field(default_factory=dict)

    @property
    def shipped(self) -> nn.Module:
        """The network that is validated and exported: the average where there is one."""
        return self.network if self.average is None else self.average

    def finished(self, plan: TrainingPlan) -> bool:
        """Whether the last epoch is done, or patience has run out."""
        epochs = len(self.history)
        return epochs >= plan.epochs or self.best.exhausted(epochs, plan.stopping)


def make_network(plan: NetworkPlan) -> nn.Module:
    """A network with fresh weights.

    Raises:
        InputError: no network of that name, or arguments that it does not take.
    """
    try:
        network = build_network(plan.name, plan.arguments, plan.decoders)
    except (TypeError, ValueError) as error:
        found = f"arguments {plan.arguments} ({error})"
        raise InputError(
            f"plan: network {plan.name}", found, "those of its constructor", "Correct the plan."
        ) from error
    return network.to(memory_format=torch.channels_last_3d)  # pyright: ignore[reportCallIssue]


def fresh_network(plan: NetworkPlan, seed: int) -> nn.Module:
    """A network with weights drawn from a seed."""
    torch.manual_seed(seed)
    return make_network(plan)


def first_state(network: nn.Module, plan: TrainingPlan) -> TrainState:
    """The state before the first step of a network that has its first weights; what is frozen has no gradient."""
    freeze(network, plan.freeze)
    average = None if plan.average_decay is None else copy.deepcopy(network).eval().requires_grad_(False)
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return TrainState(network, average, make_optimiser(plan.optimiser, trained, plan.precision != "fp16"))


def save_state(state: TrainState, path: Path) -> None:
    """Write a checkpoint, whole or not at all."""
    content = {
        "format": FORMAT,
        "network": state.network.state_dict(),
        "average": None if state.average is None else state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "precision": state.precision,
        "step": state.step,
        "seconds": state.seconds,
        "running": state.running,
        "plateau": asdict(state.plateau),
        "best": asdict(state.best),
        "history": state.history,
    }
    write_whole(path, lambda part: torch.save(content, part))


def load_state(state: TrainState, path: Path) -> None:
    """Fill a fresh state from a checkpoint.

    Raises:
        InputError: not a checkpoint of this network.
    """
    content = _read(path)
    try:
        state.network.load_state_dict(content["network"])
        if state.average is not None:
            state.average.load_state_dict(content["average"])
        state.optimiser.load_state_dict(content["optimiser"])
    except (RuntimeError, ValueError, KeyError, AttributeError, TypeError) as error:
        remedy = "Resume with the plan that it was begun with, or train in another folder (--work)."
        raise InputError(path, "the checkpoint of another network", "one of this plan", remedy) from error
    state.precision = content["precision"]
    state.step, state.seconds, state.running = content["step"], content["seconds"], content["running"]
    state.plateau, state.best = Plateau(**content["plateau"]), Best(**content["best"])
    state.history = content["history"]


def save_best(state: TrainState, path: Path) -> None:
    """Write the weights that were just validated."""
    content = {"format": FORMAT, "weights": state.shipped.state_dict(), "best": asdict(state.best)}
    write_whole(path, lambda part: torch.save(content, part))


def shipped_weights(folder: Path, which: str = "best") -> Path:
    """A training's checkpoint to go on with: the best, or the last where nothing was validated.

    Raises:
        InputError: it was not trained.
    """
    paths = [folder / f"{name}.pt" for name in dict.fromkeys((which, "last"))]
    path = next((path for path in paths if path.exists()), None)
    if path is None:
        raise InputError(folder, "no checkpoint", "a finished training", "Train this fold first.")
    return path


def load_weights(path: Path) -> Mapping[str, Tensor]:
    """The weights to ship from `last.pt` or `best.pt`."""
    content = _read(path)
    if "weights" in content:
        return content["weights"]
    return content["average"] or content["network"]


def _read(path: Path) -> dict[str, Any]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        found = f"no readable checkpoint ({type(error).__name__})"
        raise InputError(path, found, "one that training wrote", "Remove it and train again.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = f"format {content.get('format') if isinstance(content, dict) else None}"
        raise InputError(path, found, f"format {FORMAT}", "Use the version that wrote it.")
    return content
