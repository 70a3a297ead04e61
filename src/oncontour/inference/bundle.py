"""A model bundle: a folder that holds everything a model is.

    plan.yaml             every number (`oncontour.plans.plan.Plan`)
    labels.yaml           labels, regions and the order in which a label map is painted, for readers of the folder
    fold_0.safetensors    weights, float16
    provenance.json       data, versions, digests of the other files, licence
    golden/               a tiny input and the output that this version gives for it
    CARD.md               what it is for, was measured on, and cannot do; its first paragraph is the card line

Nothing is pickled; nothing is fetched.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from numpy.typing import NDArray

from oncontour.core.errors import BundleError
from oncontour.core.labels import SCHEMES, LabelScheme
from oncontour.plans.plan import Plan, load_plan, save_plan

if TYPE_CHECKING:
    from torch import nn

SHIPPED = Path(__file__).parent.parent / "bundles"
"""Where the bundles lie that come with the package."""

GOLDEN_TOLERANCE = 0.02
"""Two processors' floating-point orders differ by about 1e-3 in a probability; damaged weights by far more."""

REMEDY = "Install the package again, or export the bundle again."


@dataclass(frozen=True, eq=False)
class Bundle:
    """A loaded bundle; its network is built when first used.

    Args:
        folder: where it lies.
        plan: every number.
        provenance: what `provenance.json` holds.
        card_line: first paragraph of the card, for reports.
    """

    folder: Path
    plan: Plan
    provenance: Mapping[str, Any]
    card_line: str

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.plan.name

    @property
    def scheme(self) -> LabelScheme:
        """Label scheme of its output."""
        return SCHEMES[self.plan.scheme]

    @cached_property
    def network(self) -> nn.Module:
        """The network with its weights, ready to predict."""
        import torch
        from safetensors.torch import load_file

        from oncontour.networks import NETWORKS

        network = NETWORKS[self.plan.network.name](**self.plan.network.arguments)
        weights = {name: value.float() for name, value in load_file(self.folder / "fold_0.safetensors").items()}
        try:
            network.load_state_dict(weights)
        except RuntimeError as error:
            expected = f"those of {self.plan.network.name}"
            raise BundleError(self.folder, "weights of other names or shapes", expected, REMEDY) from error
        return network.eval().requires_grad_(False).to(memory_format=torch.channels_last_3d)  # pyright: ignore[reportCallIssue]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def shipped_bundles() -> list[str]:
    """Names of the bundles that come with the package."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/plan.yaml"))


def load_bundle(name: str | Path) -> Bundle:
    """Load a bundle by the name of a shipped one, or by its folder.

    Raises:
        BundleError: no such bundle, a file missing, or one that differs from its digest in `provenance.json`.
    """
    shipped = SHIPPED / str(name)
    folder = shipped if (shipped / "plan.yaml").exists() else Path(name)
    if not (folder / "plan.yaml").exists():
        expected = f"a bundle's folder, or one of {', '.join(shipped_bundles()) or 'none'}"
        raise BundleError(str(name), "no plan.yaml", expected, "Give --bundle a name or a folder.")
    plan = load_plan(folder / "plan.yaml")
    try:
        provenance = json.loads((folder / "provenance.json").read_text("utf-8"))
        card = (folder / "CARD.md").read_text("utf-8")
    except (OSError, ValueError) as error:
        raise BundleError(folder, f"{type(error).__name__}", "provenance.json and CARD.md", REMEDY) from error
    for file, digest in provenance["sha256"].items():
        path = folder / file
        if not path.exists() or _digest(path) != digest:
            found = "another content than when it was made" if path.exists() else "no such file"
            raise BundleError(path, found, f"sha256 {digest[:12]}...", REMEDY)
    paragraphs = [part for part in card.split("\n\n") if part.strip() and not part.startswith("#")]
    return Bundle(folder, plan, provenance, " ".join(paragraphs[0].split()))


def _labels(scheme: LabelScheme) -> str:
    """Text of `labels.yaml`."""
    content = {
        "scheme": scheme.name,
        "labels": {label.value: f"{label.name}: {label.title}" for label in scheme.labels},
        "regions": {region.name: sorted(region.labels) for region in scheme.regions},
        "painted in this order": dict(scheme.painting()),
    }
    return yaml.safe_dump(content, sort_keys=False)


def save_bundle(
    folder: Path, plan: Plan, network: nn.Module, golden: NDArray[np.float32], card: str, provenance: Mapping[str, Any]
) -> Bundle:
    """Write a bundle.

    Args:
        network: with the weights to ship; they are stored as float16.
        golden: a small input (C, i, j, k) of the network.
        card: text of CARD.md.
        provenance: data, versions, licence; the digests are added here.
    """
    from safetensors.torch import save_file

    from oncontour.inference.engine import probabilities

    (folder / "golden").mkdir(parents=True, exist_ok=True)
    save_plan(plan, folder / "plan.yaml")
    weights = {name: value.detach().half().contiguous() for name, value in network.state_dict().items()}
    save_file(weights, folder / "fold_0.safetensors")
    (folder / "labels.yaml").write_text(_labels(SCHEMES[plan.scheme]), "utf-8")
    (folder / "CARD.md").write_text(card, "utf-8")
    stored = golden.astype(np.float16)
    np.save(folder / "golden" / "input.npy", stored)
    unsigned = Bundle(folder, plan, {}, "")
    output = probabilities(unsigned.network, stored.astype(np.float32), plan.inference)
    np.save(folder / "golden" / "output.npy", output.astype(np.float16))
    files = ("plan.yaml", "labels.yaml", "fold_0.safetensors", "golden/input.npy", "golden/output.npy")
    content = {**provenance, "sha256": {file: _digest(folder / file) for file in files}}
    (folder / "provenance.json").write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    return load_bundle(folder)


def verify_bundle(bundle: Bundle) -> float:
    """Run the golden sample.

    Returns:
        Largest difference in probability from the output that was stored with the bundle.

    Raises:
        BundleError: it is more than `GOLDEN_TOLERANCE`.
    """
    from oncontour.inference.engine import probabilities

    golden = bundle.folder / "golden"
    expected = np.load(golden / "output.npy").astype(np.float32)
    found = probabilities(bundle.network, np.load(golden / "input.npy").astype(np.float32), bundle.plan.inference)
    difference = float(np.abs(found - expected).max())
    if not difference <= GOLDEN_TOLERANCE:
        found_text = f"a golden output that differs by {difference:.3f}"
        raise BundleError(bundle.folder, found_text, f"at most {GOLDEN_TOLERANCE}", REMEDY)
    return difference
