"""One model from several of the same network: the mean of their weights.

Weights that were trained further from the same ones, each with another emphasis, lie in one valley: their mean is as
good as the mean of their predictions, at the cost of one (Wortsman 2022, "Model soups").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from oncontour.core.errors import BundleError
from oncontour.inference.bundle import Bundle, load_bundle, save_bundle
from oncontour.plans.plan import Plan

if TYPE_CHECKING:
    from torch import nn


def average_bundles(
    sources: Sequence[str | Path], out: Path, plan: Plan | None = None, card: str | None = None
) -> Bundle:
    """Write the bundle of mean weights; fold by fold, and part by part of a cascade.

    Args:
        sources: names or folders of at least two bundles of one network, with as many folds.
        out: folder for it.
        plan: of the result, such as one with other thresholds; None: the first one's.
        card: text of CARD.md; None: the first one's.

    Raises:
        BundleError: fewer than two; bundles that differ in their inputs, outputs, networks or folds.
    """
    bundles = [load_bundle(source) for source in sources]
    if len(bundles) < 2:
        raise BundleError("bundles", str(len(bundles)), "two or more", "Give them.")
    first, plan = bundles[0], plan or bundles[0].plan
    for bundle in bundles:
        _check_alike(bundle, plan, len(first.networks))
    networks = {
        ".".join(filter(None, (f"fold_{fold}", part))): _mean([bundle.networks[fold][part] for bundle in bundles])
        for fold, parts in enumerate(first.networks)
        for part in parts
    }
    golden = np.load(first.folder / "golden" / "input.npy")
    text = card or (first.folder / "CARD.md").read_text("utf-8")
    return save_bundle(
        out, plan, networks, golden, text, _provenance(bundles), scheme=first.scheme, previous=first.previous
    )


def _check_alike(bundle: Bundle, plan: Plan, folds: int) -> None:
    """Refuse weights whose mean means nothing."""
    for what in ("channels", "scheme", "spacing", "network", "stages", "previous"):
        found, expected = getattr(bundle.plan, what), getattr(plan, what)
        if found != expected:
            raise BundleError(bundle.folder, f"{what} {found}", str(expected), "Average models of one network.")
    if bundle.steps or len(bundle.networks) != folds:
        found = "a model of nnU-Net's own steps" if bundle.steps else f"{len(bundle.networks)} folds"
        raise BundleError(bundle.folder, found, f"{folds} folds of a model of ours", "Average models of one kind.")


def _mean(networks: Sequence[nn.Module]) -> nn.Module:
    """The first network, with the mean of all weights in fp32; whole numbers are the first one's."""
    states = [network.state_dict() for network in networks]
    for name, value in states[0].items():
        if value.is_floating_point():
            value.copy_(sum(state[name].double() for state in states) / len(states))
    return networks[0]


def _provenance(bundles: Sequence[Bundle]) -> dict[str, Any]:
    """That of each, and what all were trained on."""
    data = [bundle.provenance.get("data", {}) for bundle in bundles]
    anatomies = list(dict.fromkeys(name for one in data for name in one.get("anatomies", ())))
    kinds = list(dict.fromkeys(one.get("kind", "not stated") for one in data))
    licences = list(dict.fromkeys(str(bundle.provenance.get("licence", "not stated")) for bundle in bundles))
    together: dict[str, Any] = {"kind": "; ".join(kinds), "cases": sum(one.get("cases", 0) for one in data)}
    return {
        "data": together | ({"anatomies": anatomies} if anatomies else {}),
        "average_of": [{"bundle": bundle.name, **_without_digests(bundle.provenance)} for bundle in bundles],
        "licence": "; ".join(licences),
    }


def _without_digests(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """A provenance with the digests of its weights alone."""
    weights = {file: value for file, value in provenance["sha256"].items() if file.endswith(".safetensors")}
    return {**provenance, "sha256": weights}
