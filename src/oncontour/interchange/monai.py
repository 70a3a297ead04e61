"""Reading MONAI bundles of SegResNet and DynUNet: configs/metadata.json, configs/inference.*, models/model.pt or .ts.

A bundle's configuration can hold expressions that are Python; none is ever evaluated. What it says by plain values and
references to them is read, else the model is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from oncontour.core.errors import BundleError
from oncontour.core.labels import SCHEMES, LabelScheme
from oncontour.data.datasets.words import label_name
from oncontour.interchange.checkpoints import load_checkpoint
from oncontour.interchange.imported import Imported, file_digests, understood
from oncontour.interchange.monai_networks import REMEDY, translate
from oncontour.interchange.names import channels, scheme_of_labels
from oncontour.interchange.nnunet import in_order, model_json, predicted_as_is
from oncontour.interchange.nnunet_network import with_prefix
from oncontour.interchange.wishes import Wishes
from oncontour.plans.plan import InferencePlan, Plan
from oncontour.plans.training import LossPlan, TrainingPlan

CONFIGURATIONS = ("inference.json", "inference.yaml", "inference.yml")

Config = Mapping[str, Any]


def is_monai(folder: Path) -> bool:
    """Whether a folder is a MONAI bundle."""
    return (folder / "configs" / "metadata.json").is_file()


def read_monai(folder: Path, wishes: Wishes | None = None) -> Imported:
    """Read a MONAI bundle.

    Args:
        folder: of the bundle.
        wishes: what the user says about it; `checkpoint` names a file in models/.

    Raises:
        BundleError: a file missing or damaged, or something that is not read; the message says what.
    """
    wishes = wishes or Wishes()
    metadata = model_json(folder / "configs" / "metadata.json")
    config = _configuration(folder)
    path = _weights_file(folder, wishes.checkpoint)
    with understood(folder, "bundle", "metadata, configuration and weights of one network", REMEDY):
        _check_scaling(folder, config)
        network = dict(_resolved(config, config["network_def"]))
        kind = str(network.pop("_target_")).rpartition(".")[2]
        translation = translate(folder, kind, {k: v for k, v in network.items() if not k.startswith("_")})
        data = metadata["network_data_format"]
        images = in_order(data["inputs"]["image"]["channel_def"])
        outputs = in_order(next(iter(data["outputs"].values()))["channel_def"])
        name = wishes.name or str(metadata.get("name", folder.name)).lower().replace(" ", "-")
        scheme, order, by_regions = _scheme(folder, name, outputs)
        weights = _in_order(translation.weights(load_state(path)), translation.last, order)
        plan = Plan(
            name=name,
            scheme=scheme.name,
            channels=channels(folder, images, wishes.channels),
            spacing_mm=_spacing(config),
            normalisation="zscore",
            network=translation.network,
            training=_training(by_regions),
            inference=_inference(config),
            postprocess=predicted_as_is(),
            why={
                "training": "MONAI's bundle does not tell how the weights were found; these are placeholders.",
                "inference": "the sliding window of the bundle's inference configuration.",
            },
        )
    source = {
        "program": f"MONAI {metadata.get('monai_version', '')}".strip(),
        "bundle": str(metadata.get("name", folder.name)),
        "version": str(metadata.get("version", "")),
        "copyright": str(metadata.get("copyright", "not stated")),
        "licence": str(metadata.get("license", "not stated")),
        "sha256": file_digests([path]),
    }
    return Imported(plan, scheme, {"fold_0": with_prefix(weights)}, source)


def _configuration(folder: Path) -> Config:
    """The bundle's inference configuration; YAML is read without tags, so it makes no objects."""
    for name in CONFIGURATIONS:
        path = folder / "configs" / name
        if path.is_file():
            try:
                content = yaml.safe_load(path.read_text("utf-8"))  # JSON is YAML
            except (OSError, yaml.YAMLError) as error:
                found = f"no readable configuration ({type(error).__name__})"
                raise BundleError(path, found, "MONAI's configuration", "Copy it again.") from error
            if isinstance(content, dict):
                return content
    expected = f"one of {', '.join(CONFIGURATIONS)}"
    raise BundleError(folder / "configs", "no inference configuration", expected, "Give a whole bundle.")


def _resolved(config: Config, value: Any) -> Any:
    """A value with references to plain values replaced.

    >>> _resolved({"a": 4, "b": {"c": 5}}, ["@a", "@b::c", 1])
    [4, 5, 1]
    """
    if isinstance(value, str) and value.startswith("@"):
        found: Any = config
        for key in value[1:].replace("#", "::").split("::"):
            found = found[int(key) if isinstance(found, list) else key]
        return _resolved(config, found)
    if isinstance(value, str) and value.startswith("$"):
        raise ValueError(f"the expression {value!r}, which is not evaluated")
    if isinstance(value, Mapping):
        return {key: _resolved(config, item) for key, item in value.items()}
    return [_resolved(config, item) for item in value] if isinstance(value, list) else value


def _weights_file(folder: Path, name: str | None) -> Path:
    for candidate in [name] if name else ["model.pt", "model.ts"]:
        path = folder / "models" / candidate
        if path.is_file():
            return path
    raise BundleError(folder / "models", f"no {name or 'model.pt'}", "the weights", "Download the bundle's weights.")


def load_state(path: Path) -> Mapping[str, Tensor]:
    """The state of the network in a checkpoint, or in a TorchScript file.

    Raises:
        BundleError: neither.
    """
    if path.suffix == ".ts":
        try:
            return torch.jit.load(path, map_location="cpu").state_dict()
        except (RuntimeError, OSError, ValueError) as error:
            found = f"no readable TorchScript ({type(error).__name__})"
            raise BundleError(path, found, "a file that torch.jit wrote", "Copy the model again.") from error
    content = load_checkpoint(path)
    for name in ("state_dict", "model", "network", "net"):
        if isinstance(content.get(name), Mapping):
            content = content[name]
            break
    return {str(name).removeprefix("module."): value for name, value in content.items()}


def _scheme(folder: Path, name: str, outputs: Sequence[str]) -> tuple[LabelScheme, list[int], bool]:
    """The scheme, for each of our outputs MONAI's, and whether there is one output a region."""
    if outputs[0].lower() == "background":
        labels = {label: value for value, label in enumerate(outputs) if value}
        return scheme_of_labels(name, labels), list(range(len(outputs))), False
    known = [label_name(output) for output in outputs]
    for scheme in SCHEMES.values():
        regions = [region.name for region in scheme.regions]
        if sorted(regions) == sorted(map(str, known)):
            return scheme, [known.index(region) for region in regions], True
    if len(set(outputs)) < len(outputs):
        raise BundleError(folder, f"outputs {', '.join(outputs)}", "different names", REMEDY)
    labels = {output: 1 + value for value, output in enumerate(outputs)}
    return scheme_of_labels(name, labels), list(range(len(outputs))), True


def _in_order(weights: Mapping[str, Tensor], last: Sequence[str], order: Sequence[int]) -> dict[str, Tensor]:
    """Weights with the last layer's outputs in the order of our regions."""
    return {name: value[list(order)] if name in last else value for name, value in weights.items()}


def _transforms(config: Config) -> Iterator[Mapping[str, Any]]:
    """Every transform that prepares an image."""
    chain = config.get("preprocessing", {})
    yield from (part for part in chain.get("transforms", []) if isinstance(part, Mapping))


def _kind(part: Mapping[str, Any]) -> str:
    return str(part.get("_target_", "")).rpartition(".")[2]


def _spacing(config: Config) -> tuple[float, float, float]:
    """mm; data sets prepared as BraTS, which need no resampling, have 1."""
    for part in _transforms(config):
        if _kind(part) == "Spacingd":
            i, j, k = (float(mm) for mm in _resolved(config, part["pixdim"]))
            return i, j, k
    return 1.0, 1.0, 1.0


def _check_scaling(folder: Path, config: Config) -> None:
    """Refuse intensities scaled otherwise than by z-scores of each channel over what is not zero, as ours are."""
    for part in _transforms(config):
        plain = _kind(part) == "NormalizeIntensityd" and part.get("nonzero") and part.get("channel_wise")
        if "Intensity" in _kind(part) and not plain:
            found = f"intensities scaled by {_kind(part)}, nonzero {bool(part.get('nonzero'))}"
            raise BundleError(folder, found, "NormalizeIntensityd, nonzero and channel_wise", REMEDY)


def _inference(config: Config) -> InferencePlan:
    inferer = dict(_resolved(config, config["inferer"]))
    i, j, k = (int(n) for n in inferer["roi_size"])
    gaussian = str(inferer.get("mode", "constant")).lower().endswith("gaussian")
    return InferencePlan(
        mirror=(),
        tile=(i, j, k),
        overlap=float(inferer.get("overlap", 0.25)),
        weighting="gaussian" if gaussian else "constant",
        average="logits",
        whole_tiles=True,
    )


def _training(by_regions: bool) -> TrainingPlan:
    """Says what is learned; the rest is a start for whoever trains on."""
    return TrainingPlan(
        epochs=300,
        steps_per_epoch=100,
        batch=1,
        patch=(128, 128, 128),
        loss=LossPlan(output="sigmoid" if by_regions else "softmax"),
    )
