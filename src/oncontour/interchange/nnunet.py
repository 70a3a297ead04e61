"""Reading models that nnU-Net 2 trained: a folder with plans.json, dataset.json and fold_K/checkpoint_final.pth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from oncontour.core.errors import BundleError
from oncontour.core.labels import LabelScheme
from oncontour.data.files import read_json
from oncontour.inference.nnunet.steps import Scaling, Steps
from oncontour.interchange.axes import Order, axis_order, permute_weights, to_file
from oncontour.interchange.checkpoints import load_checkpoint
from oncontour.interchange.imported import Imported, file_digests, understood
from oncontour.interchange.names import channels, scheme_of_labels, scheme_of_regions
from oncontour.interchange.nnunet_network import REMEDY, network_of, per_axis, with_prefix
from oncontour.interchange.wishes import Wishes
from oncontour.plans.plan import InferencePlan, Plan, PostprocessPlan
from oncontour.plans.training import LossPlan, OptimiserPlan, TrainingPlan

SCALINGS: Mapping[str, Scaling] = {
    "ZScoreNormalization": "zscore",
    "RescaleTo01Normalization": "rescale",
    "NoNormalization": "none",
}
"""nnU-Net's names of what MR images need; CT and colours are no business of ours."""

READERS = {"NibabelIOWithReorient": "RAS"}
"""Readers that turn images; all others leave the file's axes."""


def is_nnunet(folder: Path) -> bool:
    """Whether a folder is a model that nnU-Net 2 trained."""
    return (folder / "plans.json").is_file() and any(folder.glob("fold_*"))


def read_nnunet(folder: Path, wishes: Wishes | None = None) -> Imported:
    """Read a trained model.

    Args:
        folder: such as nnUNet_results/Dataset001_NAME/nnUNetTrainer__nnUNetPlans__3d_fullres.
        wishes: what the user says about it.

    Raises:
        BundleError: a file missing or damaged, or something that is not read; the message says what.
    """
    wishes = wishes or Wishes()
    plans = model_json(folder / "plans.json")
    dataset = model_json(wishes.dataset or folder / "dataset.json")
    checkpoints = find_checkpoints(folder, wishes.folds, wishes.checkpoint or "checkpoint_final.pth")
    contents = {fold: load_checkpoint(path) for fold, path in checkpoints.items()}
    first = next(iter(contents.values()))
    with understood(folder, "model", "plans, data set and checkpoints of one nnU-Net model", REMEDY):
        configuration_name = str(first["init_args"]["configuration"])
        weights = {fold: content["network_weights"] for fold, content in contents.items()}
        configuration = resolve(plans, configuration_name)
        order = axis_order(plans["transpose_forward"])
        name = wishes.name or f"{plans['dataset_name']}-{configuration_name}"
        scheme, by_regions = _scheme(folder, str(plans["dataset_name"]), dataset)
        previous = _previous(folder, configuration.get("previous_stage"), configuration_name, wishes)
        images = in_order(dataset.get("channel_names") or dataset["modality"])
        inputs = len(images) + (len(scheme.labels) if previous else 0)
        outputs = len(scheme.regions) if by_regions else 1 + len(scheme.labels)
        network, flat = network_of(folder, configuration, order, inputs, outputs)
        spacing = per_axis(configuration["spacing"], order, flat, None)
        steps = _steps(folder, plans, configuration, spacing)
        mirror = tuple(int(axis) for axis in first.get("inference_allowed_mirroring_axes") or ())
        plan = Plan(
            name=name,
            scheme=scheme.name,
            channels=channels(folder, images, wishes.channels),
            spacing_mm=_filled(spacing, plans, order),
            normalisation="minmax" if set(steps.scaling) == {"rescale"} else "zscore",
            network=network,
            training=training(configuration, order, flat, by_regions),
            inference=tiles(configuration, order, flat, mirrored(mirror, order, flat), "logits"),
            postprocess=predicted_as_is(),
            previous=previous.plan.name if previous else None,
            why={
                "training": "as nnU-Net's plan and default trainer have it; the checkpoint does not tell of changes.",
                "inference": "as nnU-Net predicts.",
                "postprocess": "nnU-Net's prediction as it is.",
            },
        )
    source = {
        "program": "nnU-Net 2",
        "dataset": str(plans["dataset_name"]),
        "configuration": configuration_name,
        "plans": str(plans.get("plans_name", "")),
        "trainer": str(first.get("trainer_name", "")),
        "licence": str(dataset.get("licence") or dataset.get("license") or "not stated"),
        "sha256": file_digests(checkpoints.values()),
    }
    ours = {fold: _ours(state, order) for fold, state in weights.items()}
    return Imported(plan, scheme, ours, source, steps, previous)


def model_json(path: Path) -> dict[str, Any]:
    """A JSON object of a trained model; what cannot be read is a `BundleError`."""
    return read_json(path, BundleError, "Copy it again.")


def resolve(plans: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A configuration with what it inherits.

    >>> resolve({"configurations": {"a": {"x": 1, "y": 1}, "b": {"inherits_from": "a", "y": 2}}}, "b")["x"]
    1
    """
    own = dict(plans["configurations"][name])
    parent = own.pop("inherits_from", None)
    return {**resolve(plans, parent), **own} if parent else own


def find_checkpoints(folder: Path, wanted: Sequence[str], name: str) -> dict[str, Path]:
    """The checkpoint of each fold."""
    paths = {path.parent.name: path for path in sorted(folder.glob(f"fold_*/{name}"))}
    if wanted:
        missing = [fold for fold in wanted if f"fold_{fold}" not in paths]
        if missing:
            found = f"no {name} in fold {', '.join(missing)}"
            raise BundleError(folder, found, f"folds {', '.join(sorted(paths))}", "Name folds that are there.")
        paths = {f"fold_{fold}": paths[f"fold_{fold}"] for fold in wanted}
    if not paths:
        remedy = "Train the model to its end, or name another file with --checkpoint."
        raise BundleError(folder, f"no fold_*/{name}", "a trained fold", remedy)
    return paths


def in_order(names: Mapping[str, Any]) -> list[str]:
    """Names that are listed by their number.

    >>> in_order({"1": "T2", "0": "T1", "10": "ADC"})
    ['T1', 'T2', 'ADC']
    """
    return [str(names[key]) for key in sorted(names, key=int)]


def _scheme(folder: Path, name: str, dataset: Mapping[str, Any]) -> tuple[LabelScheme, bool]:
    """Labels and regions, and whether there is one output a region."""
    labels = {str(k): v for k, v in dataset["labels"].items() if k != "ignore" and v not in (0, [0], "0")}
    if not any(isinstance(value, list | tuple) and len(value) > 1 for value in labels.values()):
        single = {k: int(v[0] if isinstance(v, list | tuple) else v) for k, v in labels.items()}
        return scheme_of_labels(name, single), False
    regions = {k: [int(n) for n in (v if isinstance(v, list | tuple) else [v])] for k, v in labels.items()}
    order = [int(value) for value in dataset["regions_class_order"]]
    return scheme_of_regions(folder, name, regions, order), True


def _filled(
    spacing: tuple[float | None, float | None, float | None], plans: Mapping[str, Any], order: Order
) -> tuple[float, float, float]:
    """Spacing for readers of the plan: where slices stay as they are, the data set's median."""
    usual = to_file(plans["original_median_spacing_after_transp"], order)
    x, y, z = (float(own or median) for own, median in zip(spacing, usual, strict=True))
    return x, y, z


def mirrored(axes: Sequence[int], order: Order, flat: bool) -> list[int]:
    """The file's axes of nnU-Net's mirrored ones."""
    return [order[axis + 1 if flat else axis] for axis in axes]


def _steps(
    folder: Path,
    plans: Mapping[str, Any],
    configuration: Mapping[str, Any],
    spacing: tuple[float | None, float | None, float | None],
) -> Steps:
    schemes = [str(name) for name in configuration["normalization_schemes"]]
    unknown = [name for name in schemes if name not in SCALINGS]
    preprocessor = str(configuration.get("preprocessor_name", "DefaultPreprocessor"))
    if unknown or preprocessor != "DefaultPreprocessor":
        found = ", ".join(unknown) or preprocessor
        raise BundleError(folder, found, f"one of {', '.join(SCALINGS)} by DefaultPreprocessor", REMEDY)
    orders, separate = {}, set()
    for what in ("data", "seg", "probabilities"):
        function = configuration.get(f"resampling_fn_{what}", "resample_data_or_seg_to_shape")
        numbers = dict(configuration.get(f"resampling_fn_{what}_kwargs") or {})
        orders[what] = int(numbers.get("order", 3 if what == "data" else 1))
        separate.add(numbers.get("force_separate_z"))
        if function != "resample_data_or_seg_to_shape" or numbers.get("order_z", 0) != 0:
            found = f"resampling by {function} with order_z {numbers.get('order_z')}"
            raise BundleError(folder, found, "resample_data_or_seg_to_shape with order_z 0", REMEDY)
    if len(separate) > 1:
        raise BundleError(folder, f"force_separate_z {sorted(map(str, separate))}", "one for all resampling", REMEDY)
    return Steps(
        spacing=spacing,
        scaling=tuple(SCALINGS[name] for name in schemes),
        masked=tuple(bool(masked) for masked in configuration["use_mask_for_norm"]),
        image_order=orders["data"],
        label_order=orders["seg"],
        output_order=orders["probabilities"],
        separate=separate.pop(),
        axes=READERS.get(str(plans.get("image_reader_writer"))),
    )


def _previous(folder: Path, stage: str | None, configuration: str, wishes: Wishes) -> Imported | None:
    """The coarse model of a cascade: the one stated, or the folder beside this one."""
    if not stage:
        return None
    beside = folder.with_name(folder.name.replace(f"__{configuration}", f"__{stage}"))
    where = wishes.previous or beside
    if not is_nnunet(where) or (where == folder):
        found = f"{configuration} without the model {stage} that it refines"
        raise BundleError(folder, found, f"a folder {beside.name} beside it", "Give its folder with --previous.")
    return read_nnunet(where, Wishes(channels=wishes.channels, checkpoint=wishes.checkpoint))


def training(configuration: Mapping[str, Any], order: Order, flat: bool, by_regions: bool) -> TrainingPlan:
    """nnU-Net's default trainer, for whoever trains on; the checkpoint does not tell of changes to it."""
    return TrainingPlan(
        epochs=1000,
        steps_per_epoch=250,
        batch=int(configuration["batch_size"]),
        patch=per_axis([int(n) for n in configuration["patch_size"]], order, flat, 1),
        optimiser=OptimiserPlan(name="sgd", learning_rate=0.01, weight_decay=3e-5),
        loss=LossPlan(
            output="sigmoid" if by_regions else "softmax", batch_dice=bool(configuration.get("batch_dice", False))
        ),
    )


def tiles(
    configuration: Mapping[str, Any],
    order: Order,
    flat: bool,
    mirror: Sequence[int],
    average: Literal["probabilities", "logits"],
) -> InferencePlan:
    """How nnU-Net runs its networks."""
    return InferencePlan(
        mirror=tuple(sorted(mirror)),
        combinations=True,
        tile=per_axis([int(n) for n in configuration["patch_size"]], order, flat, 1),
        overlap=0.5,
        weighting="gaussian",
        average=average,
        whole_tiles=True,
    )


def predicted_as_is() -> PostprocessPlan:
    """No postprocessing: nnU-Net's own is chosen after training, and no part of the model."""
    return PostprocessPlan(threshold=0.5, hole_mm3=0.0, island_share=0.0, minimum_whole_mm3=0.0)


def _ours(state: Mapping[str, Tensor], order: Order) -> dict[str, Tensor]:
    """A checkpoint's weights under our names, kernels along the file's axes."""
    plain = {name.removeprefix("module.").removeprefix("_orig_mod."): value for name, value in state.items()}
    return permute_weights(with_prefix(plain), order)
