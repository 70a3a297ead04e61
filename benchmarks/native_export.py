"""From a network's output to a label map in the study's own grid, beside nnU-Net's export.

    python benchmarks/native_export.py [--rounds 5]

Run it in .venv-peers (`make peers`), on an otherwise idle machine. Logits of four classes on a grid of 2 mm, and the
same of our three regions as probabilities, to 240 x 240 x 155 voxels of 1 mm: linear interpolation, and the largest
class, or the regions above one half. Nothing is cleaned, and no file written. Raw figures:
benchmarks/results/native-export.json.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from beside.contest import OURS, Aim, Contest, entry, named
from beside.rival import Rival, Work, child, options, serve, take_turns
from speed.masks import KINDS, label_maps

NATIVE, COARSE = (240, 240, 155), (120, 120, 78)
"""The native grid; and the network's, over the same extent to half a voxel."""


def main() -> None:
    """Time, compare, keep the figures."""
    parser = options(__doc__, PROGRAMS, 5)
    given = parser.parse_args()
    if given.program:
        serve(PROGRAMS[given.program](given.folder))
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        rivals = [Rival(program, child(Path(__file__), program, folder), threads=2) for program in PROGRAMS]
        take_turns(rivals, 1 + given.rounds)
        labels = [np.load(folder / f"{program}.npy") for program in PROGRAMS]
    for rival in rivals:
        del rival.seconds[0]
    title = named("nnU-Net", "nnunetv2")
    taken = [f"{(rival.peak_bytes - rival.before_bytes) / 2**20:.0f}" for rival in rivals]
    alike = f"{(labels[0] == labels[1]).mean():.4f}"
    entries = [
        entry(rivals[0], OURS, **{"taken by the work, MiB": taken[0], "voxels alike": ""}),
        entry(rivals[1], title, **{"taken by the work, MiB": taken[1], "voxels alike": alike}),
    ]
    work = (
        "Four classes on 120 x 120 x 78 voxels to a label map of 240 x 240 x 155: nnU-Net's "
        "`convert_predicted_logits_to_segmentation_with_correct_shape` beside our path. Ours moves three regions' "
        "probabilities, and only where one exceeds its threshold; nnU-Net four classes' logits, everywhere. "
        f"The tumour fills {(labels[0] > 0).mean():.1%} of the grid."
    )
    command = "python benchmarks/native_export.py"
    Contest("Logits to the native grid", work, command, entries, [Aim(OURS, title, 10.0)]).save("native-export")


def make(folder: Path) -> None:
    """logits.npy (4, i, j, k): of a tumour, smooth."""
    from scipy.ndimage import gaussian_filter

    labels, _ = label_maps(COARSE, KINDS[0])
    logits = np.stack([gaussian_filter((labels == value).astype(np.float32), 1.0) for value in range(4)])
    np.save(folder / "logits.npy", (logits * 12 - 6).astype(np.float32))


def ours(folder: Path) -> Work:
    """The path of `oncontour.pipeline.masks`, without cleaning."""
    import torch

    from oncontour.core.grid import Grid
    from oncontour.core.labels import BRATS
    from oncontour.inference.tiling import region_activation
    from oncontour.preprocess.resample_above import resample_above

    torch.set_num_threads(2)
    logits = torch.from_numpy(np.load(folder / "logits.npy"))
    chances = region_activation([[1, 2, 3], [1, 3], [3]])(logits[None])[0].numpy()
    edge = np.array(NATIVE) / np.array(COARSE)
    affine = np.diag([*edge, 1.0])
    affine[:3, 3] = (edge - 1) / 2  # The outer faces of both grids coincide, as nnU-Net assumes.
    source, target = Grid(COARSE, affine), Grid(NATIVE, np.eye(4))

    def work() -> dict[str, object]:
        label_map = np.zeros(NATIVE, np.uint8)
        box, part = resample_above(chances, source, target, [0.5] * len(chances))
        label_map[box] = BRATS.decode(part > 0.5)
        np.save(folder / "ours.npy", label_map)
        return {}

    return work


def nnunet(folder: Path) -> Work:
    """Its own function, for a network of 2 mm."""
    from nnunetv2.inference.export_prediction import convert_predicted_logits_to_segmentation_with_correct_shape
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    order = {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None}
    spacing = [after / before * 1.0 for before, after in zip(COARSE[::-1], NATIVE[::-1], strict=True)]
    configuration = {
        "spacing": spacing,
        "architecture": {},
        "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
        "resampling_fn_probabilities_kwargs": order,
    }
    plans = PlansManager({
        "dataset_name": "Dataset001_x", "plans_name": "x", "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2], "configurations": {"3d_fullres": configuration},
        "label_manager": "LabelManager",
    })  # fmt: skip
    dataset = {"labels": {"background": 0, "core": 1, "oedema": 2, "enhancing": 3}, "file_ending": ".nii.gz"}
    logits = np.ascontiguousarray(np.load(folder / "logits.npy").transpose(0, 3, 2, 1))
    shape = NATIVE[::-1]
    about = {
        "spacing": [1.0] * 3, "shape_after_cropping_and_before_resampling": shape, "shape_before_cropping": shape,
        "bbox_used_for_cropping": [[0, size] for size in shape],
    }  # fmt: skip

    def work() -> dict[str, object]:
        found = convert_predicted_logits_to_segmentation_with_correct_shape(
            logits, plans, plans.get_configuration("3d_fullres"), plans.get_label_manager(dataset), about,
            num_threads_torch=2,
        )  # fmt: skip
        np.save(folder / "nnunet.npy", np.asarray(found).T)
        return {}

    return work


PROGRAMS = {"ours": ours, "nnunet": nnunet}


if __name__ == "__main__":
    main()
