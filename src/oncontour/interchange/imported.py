"""A model read from another program, and the bundle made of it."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

import oncontour
from oncontour.core.errors import BundleError
from oncontour.core.labels import LabelScheme
from oncontour.core.versions import installed
from oncontour.data.files import file_digest
from oncontour.inference.bundle import Bundle, save_bundle
from oncontour.inference.nnunet.steps import FILE, Steps, steps_text
from oncontour.inference.tiling import stride_and_margin
from oncontour.inference.weights import build, first_names
from oncontour.plans.plan import Plan

PRECISION = "float32"
"""Imported weights are kept as they are: rounded ones would no longer predict what the original does."""


@dataclass(frozen=True, eq=False)
class Imported:
    """A trained model of another program.

    Args:
        plan: ours.
        scheme: labels and regions of its output.
        weights: for each fold, by "fold_K", the state of our network.
        source: what provenance.json says of where it comes from; no path.
        steps: nnU-Net's way from images to a result, where it is nnU-Net's.
        previous: the coarse model that it needs.
    """

    plan: Plan
    scheme: LabelScheme
    weights: Mapping[str, Mapping[str, Tensor]]
    source: Mapping[str, Any]
    steps: Steps | None = None
    previous: Imported | None = None


@contextmanager
def understood(where: Path, what: str, expected: str, remedy: str) -> Iterator[None]:
    """Say that a model cannot be understood where what it holds is not what a reader looks for.

    Args:
        what: is read, such as "model".
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, StopIteration) as error:
        found = f"a {what} that cannot be understood ({type(error).__name__}: {error})"
        raise BundleError(where, found, expected, remedy) from error


def write_imported(model: Imported, out: Path) -> Bundle:
    """Write the bundle of an imported model, and that of its coarse model inside it.

    Raises:
        BundleError: weights that are not those of the network that the model's plan describes.
    """
    networks = {fold: _network(model, fold, weights) for fold, weights in model.weights.items()}
    provenance = {
        "source": dict(model.source),
        "licence": model.source.get("licence", "not stated"),
        "versions": {
            "oncontour": oncontour.__version__,
            "python": platform.python_version(),
            **installed(("torch", "numpy", "scipy")),
        },
    }
    with TemporaryDirectory(prefix="oncontour-") as temporary:
        coarse = model.previous
        return save_bundle(
            out,
            model.plan,
            networks,
            _golden(model.plan, next(iter(networks.values()))),
            _card(model),
            provenance,
            scheme=model.scheme,
            precision=PRECISION,
            previous=write_imported(coarse, Path(temporary) / "previous") if coarse else None,
            extra={FILE: steps_text(model.steps)} if model.steps else None,
        )


def _network(model: Imported, fold: str, weights: Mapping[str, Tensor]) -> nn.Module:
    """Our network with a fold's weights; tensors that have several names may come under any of them."""
    network = build(model.plan.network, Path(model.plan.name))
    names = first_names(network)
    known = {first: weights[name] for name, first in names.items() if name in weights}
    state = {name: known[first] for name, first in names.items() if first in known}
    different = sorted(set(names) - set(state)) + sorted(set(weights) - set(names))
    where, remedy = f"{model.plan.name} {fold}", "Models of changed architectures are not read."
    expected = f"those of {model.plan.network.name}"
    if different:
        raise BundleError(where, f"{len(different)} weights missing or unknown: {different[0]}", expected, remedy)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise BundleError(where, "weights of other shapes", expected, remedy) from error
    return network


def _golden(plan: Plan, network: nn.Module) -> NDArray[np.float32]:
    """Smooth noise (C, i, j, k), a stride long and along one axis two, as no image comes with the model."""
    from scipy.ndimage import gaussian_filter

    inputs = int(plan.network.arguments["inputs"])
    stride, margin = stride_and_margin(network)
    size = [max(step, 4) + 2 * rim for step, rim in zip(stride, margin, strict=True)]
    size[int(np.argmax(stride))] += max(stride)  # instance norm needs more than one voxel at the deepest stage
    noise = np.random.default_rng(0).normal(size=(inputs, *size))
    smooth = gaussian_filter(noise, (0, 1, 1, 1))
    return (smooth / smooth.std()).astype(np.float32)


def _card(model: Imported) -> str:
    """Text of CARD.md: nothing was measured here, and the card says so."""
    plan, source = model.plan, model.source
    regions = ", ".join(region.name for region in model.scheme.regions)
    return (
        f"# {plan.name}\n\n"
        f"Imported from {source['program']}: {plan.network.name} for {regions} from {', '.join(plan.channels)}, "
        f"{len(model.weights)} fold{'s' * (len(model.weights) > 1)}. Nothing was measured with it here.\n\n"
        "## Source\n\n"
        + "".join(f"- {name}: {value}\n" for name, value in source.items() if isinstance(value, str | int | float))
        + "\n## Use\n\nResearch only; not a medical device. What the source's licence and documentation say holds.\n"
    )


def file_digests(paths: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of files, by the name of each with that of its folder."""
    return {f"{path.parent.name}/{path.name}": file_digest(path) for path in paths}
