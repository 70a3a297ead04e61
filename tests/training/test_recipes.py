"""Every recipe, cut to a few small cases and two steps, trains, and its bundle segments a phantom it has not seen."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.labels import SCHEMES
from oncontour.data.phantom.cohort import write_cohort
from oncontour.data.phantom.settings import Settings
from oncontour.inference.bundle import load_bundle
from oncontour.inference.weights import build
from oncontour.plans.file import load_plan
from oncontour.training.synthetic import make_training_set

RECIPES = Path(__file__).parents[2] / "recipes"
NAMES = sorted(path.name.removesuffix(".card.md") for path in RECIPES.glob("*.card.md"))
"""Those that end in a bundle; parts of one, that are averaged, have no card."""

HELD_OUT = 900_000
"""Seeds from here on are of no recipe."""
MEGABYTES = 60
"""What all bundles together may weigh."""


def small(name, folder):
    """A recipe at 6 mm with three cases, two steps and few channels; it takes all that is likely at all for tumour."""
    content = yaml.safe_load((RECIPES / f"{name}.yaml").read_text("utf-8"))
    content["spacing_mm"] = 6.0
    content["network"]["arguments"] |= {"features": [4, 8], "fine": 4}
    content["training"] |= {"epochs": 1, "steps_per_epoch": 2, "patch": [16, 16, 16]}
    content["synthetic"] |= {"cases": 3, "mni_share": 1.0, "healthy": 0.0}
    content["postprocess"] = {"threshold": 1e-6, "island_share": 0.0}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content), "utf-8")
    shutil.copy(RECIPES / f"{name}.card.md", folder)
    return path


def trained(name, folder):
    """The bundle of a small recipe, by the program's own command."""
    where = ["--plan", small(name, folder), "--work", folder / "work", "--out", folder / "bundle"]
    how = ["--fold", "none", "--device", "cpu", "--workers", 0, "--prepare-workers", 1]
    result = CliRunner().invoke(app, ["train", *map(str, (*where, *how))])
    assert result.exit_code == 0, result.output
    return load_bundle(folder / "bundle")


def unseen(plan, folder):
    """A phantom of the first of the recipe's kinds, and the folder of its images."""
    kinds = plan.synthetic.kinds or {"adult": 1.0}
    write_cohort(folder, 1, HELD_OUT, Settings(kind=next(iter(kinds)), spacing_mm=6.0))
    return next(path for path in (folder / "cases").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["default", "postoperative", "sequence-masks"])  # Sigmoid, softmax, overlapping.
def test_a_recipe_gives_a_bundle_that_segments(name, tmp_path):
    bundle = trained(name, tmp_path)
    study = unseen(bundle.plan, tmp_path / "unseen")
    for file in [*study.glob("*-t1n.nii.gz"), *study.glob("*-t2w.nii.gz")]:  # Less to register.
        file.unlink()
    arguments = [study, "--bundle", bundle.folder, "--out", tmp_path / "out", "--no-bias-field"]
    result = CliRunner().invoke(app, ["segment", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    (case,) = (path for path in (tmp_path / "out").iterdir() if path.is_dir())
    scheme = SCHEMES[bundle.plan.scheme]
    measured = json.loads((case / "measurements.json").read_text("utf-8"))["regions"]
    assert [region["name"] for region in measured][: len(scheme.regions)] == [one.name for one in scheme.regions]
    assert measured[0]["volume_ml"] > 0
    found = set(np.unique(np.asarray(nibabel.nifti1.load(case / "segmentation.nii.gz").dataobj)).tolist())
    assert found <= {0, *(label.value for label in scheme.labels)}
    assert len(found) > 1


@pytest.mark.slow
def test_the_recipe_of_the_brain_gives_a_bundle_that_reads_one_image(tmp_path):
    bundle = trained("brain", tmp_path)
    prepared = make_training_set(bundle.plan, tmp_path / "work" / "prepared").cases[0]
    assert bundle.probabilities(np.asarray(prepared.images[:1], np.float32)).shape == prepared.regions.shape


def test_seeds_of_recipes_do_not_meet():
    taken = [range(s.seed, s.seed + s.cases) for s in (load_plan(RECIPES / f"{n}.yaml").synthetic for n in NAMES)]
    seeds = [seed for some in taken for seed in some]
    assert len(seeds) == len(set(seeds))
    assert max(seeds) < HELD_OUT


def test_every_recipe_has_a_card_of_its_own():
    for name in NAMES:
        card = (RECIPES / f"{name}.card.md").read_text("utf-8")
        assert card.startswith(f"# {name}: ")
        assert "Not a medical device." in card
        assert "SynthSeg" in card


def test_all_bundles_together_stay_small():
    networks = [build(load_plan(RECIPES / f"{name}.yaml").network, RECIPES) for name in NAMES]
    bytes_as_float16 = 2 * sum(one.numel() for network in networks for one in network.parameters())
    assert bytes_as_float16 / 1e6 < MEGABYTES
