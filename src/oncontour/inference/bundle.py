"""A model bundle: a folder that holds everything a model is.

    plan.yaml             every number (`oncontour.plans.plan.Plan`)
    labels.yaml           labels, regions and the order in which a label map is painted
    fold_0.safetensors    weights; more folds beside it, and `fold_0.WT_axial.safetensors` for the parts of a cascade
    provenance.json       data, versions, digests of the other files, licence
    golden/               a tiny input and the output that this version gives for it
    CARD.md               what it is for, was measured on, and cannot do; its first paragraph is the card line
    previous/             a bundle of its own: the coarse model whose result is a further input (`plan.previous`)
    nnunet.yaml           how nnU-Net prepares images, where the model was imported from it
    calibration.yaml      how far its figures can be trusted, once `oncontour bundle calibrate` has looked

Nothing is pickled; nothing is fetched.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import BundleError
from oncontour.core.labels import SCHEMES, LabelScheme
from oncontour.data.files import file_digest, write_json
from oncontour.inference.calibration import FILE as CALIBRATION
from oncontour.inference.calibration import Calibration, load_calibration, save_calibration
from oncontour.inference.engines import Engine, ready
from oncontour.inference.labels import labels_text, read_labels
from oncontour.inference.nnunet.steps import Steps, load_steps
from oncontour.inference.weights import (
    REMEDY,
    Precision,
    fold_names,
    load_networks,
    parts,
    save_networks,
    weight_file,
)
from oncontour.plans.file import load_plan, save_plan
from oncontour.plans.plan import Plan

if TYPE_CHECKING:
    from torch import nn

    from oncontour.inference.tiling import Activation

SHIPPED = Path(__file__).parent.parent / "bundles"
"""Where the bundles lie that come with the package."""

PURPOSE = "## For what"
"""The heading in a card under which stands what the model is for, and what it is not for."""

GOLDEN_TOLERANCE = 0.02
"""Two processors' floating-point orders differ by about 1e-3 in a probability; damaged weights by far more."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """A loaded bundle; its networks are built when first used.

    Args:
        folder: where it lies.
        plan: every number.
        provenance: what `provenance.json` holds.
        card_line: first paragraph of the card, for reports.
        purpose: the card's paragraph "For what", for whom the study looks like something else; may be empty.
        engine: what runs its networks.
    """

    folder: Path
    plan: Plan
    provenance: Mapping[str, Any]
    card_line: str
    purpose: str = ""
    engine: Engine = Engine.TORCH

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.plan.name

    @cached_property
    def scheme(self) -> LabelScheme:
        """Label scheme of its output: one of ours, or the bundle's own."""
        return SCHEMES.get(self.plan.scheme) or read_labels(self.folder / "labels.yaml")

    @cached_property
    def networks(self) -> tuple[Mapping[str, nn.Module], ...]:
        """For each fold, its networks by part (`oncontour.inference.weights.parts`), in torch.

        Raises:
            BundleError: weights missing, or of another network.
        """
        return load_networks(self.folder, self.plan)

    @cached_property
    def runners(self) -> tuple[Mapping[str, nn.Module], ...]:
        """The networks as the engine runs them: what predicts.

        Raises:
            BundleError: weights missing, or of another network.
        """
        names = fold_names(self.folder)
        return tuple(
            {part: self._ready(network, fold, part) for part, network in own.items()}
            for fold, own in zip(names, self.networks, strict=True)
        )

    @property
    def engine_notes(self) -> tuple[str, ...]:
        """That torch ran a network in full precision in place of the engine, where the engine could not hold it."""
        if self.engine is Engine.TORCH:
            return ()
        pairs = zip(self.runners, self.networks, strict=True)
        if not any(own[part] is networks[part] for own, networks in pairs for part in networks):
            return ()
        return (f"The engine {self.engine} could not run model {self.name}: torch did, in full precision.",)

    def _ready(self, network: nn.Module, fold: str, part: str) -> nn.Module:
        """A network as the engine runs it."""
        plan, weights = parts(self.plan)[part], weight_file(fold, part)
        digest = self.provenance.get("sha256", {}).get(weights) or file_digest(self.folder / weights)
        return ready(network, int(plan.arguments["inputs"]), self.engine, f"{digest} {plan!r}")

    @cached_property
    def previous(self) -> Bundle | None:
        """The coarse model whose result is a further input of this one, where the plan names one.

        Raises:
            BundleError: it is not there.
        """
        return load_bundle(self.folder / "previous", self.engine) if self.plan.previous else None

    @cached_property
    def steps(self) -> Steps | None:
        """nnU-Net's way from images to a result, where the model was imported from it."""
        return load_steps(self.folder)

    @cached_property
    def calibration(self) -> Calibration | None:
        """How far its figures can be trusted; None where nobody looked.

        Raises:
            BundleError: a damaged file.
        """
        known = CALIBRATION in self.provenance.get("sha256", ())
        return load_calibration(self.folder / CALIBRATION) if known else None

    @property
    def labels_apart(self) -> bool:
        """Whether its network tells labels apart that the scheme's regions do not, such as a child's cysts."""
        classes = self.plan.training.loss.output == "softmax" and not self.plan.stages
        return classes and not self.scheme.regions_tell_labels

    @cached_property
    def classes(self) -> tuple[tuple[int, ...], ...]:
        """For each channel of the output, those of softmax's classes that form it: background 0, then the labels."""
        channel = {label.value: 1 + n for n, label in enumerate(self.scheme.labels)}
        regions = tuple(tuple(channel[v] for v in self.scheme.values(region)) for region in self.scheme.regions)
        return regions + (tuple((n,) for n in channel.values()) if self.labels_apart else ())

    def label_map(self, regions: NDArray[np.bool_], output: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Label map (i, j, k) of regions (R, i, j, k), and of the output that they were made of."""
        return self.scheme.decode(regions, output[len(self.scheme.regions) :] if self.labels_apart else None)

    @cached_property
    def activation(self) -> Activation:
        """From logits to the probabilities of regions, or of the one region of a cascade's stage; raters' mean."""
        import torch

        from oncontour.inference.tiling import region_activation

        raters = len(self.plan.raters)
        if raters:
            return lambda logits: torch.sigmoid(logits).unflatten(1, (raters, -1)).mean(1)
        if self.plan.training.loss.output == "sigmoid":
            return torch.sigmoid
        return region_activation([[1]] if self.plan.stages else self.classes)

    def probabilities(
        self,
        image: NDArray[np.float32],
        progress: Callable[[float], None] = lambda share: None,
        *,
        mirrored: bool = True,
    ) -> NDArray[np.float32]:
        """Probabilities (R, i, j, k) of the regions, the mean over folds, of an image (C, i, j, k).

        Behind them those of the labels (R + L, i, j, k), where the regions do not tell them apart (`labels_apart`).

        Args:
            image: the networks' whole input: normalised, in the plan's spacing, with the channels that a previous
                model adds.
            progress: called with the share of the work done.
            mirrored: False: the plain view alone, whatever the plan says.
        """
        from oncontour.inference.cascade import cascade_probabilities
        from oncontour.inference.tiling import probabilities

        plan = self.plan if mirrored else _changed(self.plan, {"mirror": ()})
        if plan.stages:
            return cascade_probabilities(self.runners, image, plan, self.scheme, self.activation, progress)
        networks = [own[""] for own in self.runners]
        return probabilities(networks, image, plan.inference, progress, self.activation)


def shipped_bundles() -> list[str]:
    """Names of the bundles that come with the package."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/plan.yaml"))


def load_bundle(name: str | Path, engine: Engine = Engine.TORCH) -> Bundle:
    """Load a bundle by the name of a shipped one, or by its folder.

    Args:
        engine: what is to run its networks.

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
        if not path.exists() or file_digest(path) != digest:
            found = "another content than when it was made" if path.exists() else "no such file"
            raise BundleError(path, found, f"sha256 {digest[:12]}...", REMEDY)
    paragraphs = [" ".join(part.split()) for part in card.split("\n\n") if part.strip()]
    line = next((part for part in paragraphs if not part.startswith("#")), plan.name)
    after = dict(pairwise(paragraphs))
    return Bundle(folder, plan, provenance, line, after.get(PURPOSE, ""), engine)


def save_bundle(
    folder: Path,
    plan: Plan,
    networks: nn.Module | Mapping[str, nn.Module],
    golden: NDArray[np.float32],
    card: str,
    provenance: Mapping[str, Any],
    *,
    scheme: LabelScheme | None = None,
    precision: Precision = "float16",
    previous: Bundle | None = None,
    extra: Mapping[str, str] | None = None,
) -> Bundle:
    """Write a bundle, whole or not at all; an older bundle in that folder is replaced.

    Args:
        networks: with the weights to ship: one, or by "fold_K", or by "fold_K.STAGE_VIEW" where the plan has stages.
        golden: a small input (C, i, j, k) of the networks.
        card: text of CARD.md.
        provenance: data, versions, licence; the digests are added here.
        scheme: where the plan's is none of ours.
        precision: of the stored weights.
        previous: the coarse model that the plan names; a copy goes into the bundle.
        extra: further text files, by name.

    Raises:
        BundleError: the folder holds something else than a bundle; networks that do not fit the plan; no previous
            model where the plan names one.
    """
    from torch import nn

    if folder.exists() and any(folder.iterdir()) and not (folder / "provenance.json").exists():
        raise BundleError(folder, "a folder of other files", "an empty folder, or a bundle", "Choose another folder.")
    if (previous.name if previous else None) != plan.previous:
        found = f"previous model {previous.name if previous else None}"
        raise BundleError(folder, found, f"{plan.previous}, which the plan names", "Give that model's bundle.")
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "golden").mkdir(parents=True)
    try:
        save_plan(plan, part / "plan.yaml")
        named = {"fold_0": networks} if isinstance(networks, nn.Module) else networks
        weights = save_networks(part, plan, named, precision)
        texts = {"labels.yaml": labels_text(scheme or SCHEMES[plan.scheme]), **(extra or {})}
        for name, text in texts.items():
            (part / name).write_text(text, "utf-8")
        (part / "CARD.md").write_text(card, "utf-8")
        files = ["plan.yaml", *texts, *weights, "golden/input.npy", "golden/output.npy"]
        if previous:
            shutil.copytree(previous.folder, part / "previous")
            files.append("previous/provenance.json")
        _save_golden(part, Bundle(part, plan, {}, ""), golden)
        content = {**provenance, "sha256": {file: file_digest(part / file) for file in files}}
        (part / "provenance.json").write_text(json.dumps(content, indent=2) + "\n", "utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return load_bundle(folder)


def calibrated(bundle: Bundle, calibration: Calibration) -> Bundle:
    """Put a calibration into a bundle's folder, and its digest into `provenance.json`.

    A reader at any moment meets the bundle without a calibration, or with all of the new one.
    """
    record = bundle.folder / "provenance.json"
    digests = {file: digest for file, digest in bundle.provenance["sha256"].items() if file != CALIBRATION}
    write_json(record, {**bundle.provenance, "sha256": digests})
    save_calibration(calibration, bundle.folder / CALIBRATION)
    digests[CALIBRATION] = file_digest(bundle.folder / CALIBRATION)
    write_json(record, {**bundle.provenance, "sha256": digests})
    return load_bundle(bundle.folder)


def _save_golden(folder: Path, bundle: Bundle, golden: NDArray[np.float32]) -> None:
    stored = golden.astype(np.float16)
    np.save(folder / "golden" / "input.npy", stored)
    output = _golden_view(bundle).probabilities(stored.astype(np.float32))
    np.save(folder / "golden" / "output.npy", output.astype(np.float16))


def _golden_view(bundle: Bundle) -> Bundle:
    """The bundle without what makes a sample of the network costly and proves nothing about it."""
    plan = bundle.plan.inference
    return replace(
        bundle, plan=_changed(bundle.plan, {"whole_tiles": False, "mirror": () if plan.combinations else plan.mirror})
    )


def _changed(plan: Plan, inference: Mapping[str, Any]) -> Plan:
    """The plan with some fields of its inference changed."""
    return plan.model_copy(update={"inference": plan.inference.model_copy(update=inference)})


def verify_bundle(bundle: Bundle) -> float:
    """Run the golden sample through every fold and part, and that of the previous model where there is one.

    Returns:
        Largest difference in probability from the output that was stored with the bundle.

    Raises:
        BundleError: it is more than `GOLDEN_TOLERANCE`.
    """
    golden = bundle.folder / "golden"
    expected = np.load(golden / "output.npy").astype(np.float32)
    found = _golden_view(bundle).probabilities(np.load(golden / "input.npy").astype(np.float32))
    difference = float(np.abs(found - expected).max())
    if not difference <= GOLDEN_TOLERANCE:
        found_text = f"a golden output that differs by {difference:.3f}"
        raise BundleError(bundle.folder, found_text, f"at most {GOLDEN_TOLERANCE}", REMEDY)
    return max(difference, verify_bundle(bundle.previous)) if bundle.previous else difference
