"""Every shipped recipe can be read and planned at every scale, and its figures are those of its paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.errors import InputError
from oncontour.core.labels import SCHEMES
from oncontour.data.datasets import read_dataset
from oncontour.data.datasets.tables import write_table
from oncontour.data.phantom.kinds import KINDS
from oncontour.experiments.arms import arms_of, judged_on, matching
from oncontour.experiments.experiment import SCALES
from oncontour.experiments.run import RecipeRun, run_recipe
from oncontour.experiments.shipped import load_recipe, recipe_names

NAMES = recipe_names()


def test_the_five_papers_have_a_recipe():
    assert [name[:3] for name in NAMES] == ["000", "001", "002", "003", "004"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with a table of one case for each cohort of every recipe; no image is read, none has a voxel."""
    folder = tmp_path_factory.mktemp("data")
    for name in NAMES:
        (folder / name).mkdir()
        (folder / name / "empty.nii.gz").touch()
        for number, (cohort, one) in enumerate(load_recipe(name).cohorts.items()):
            sequences = [str(one).lower() for one in KINDS[one.kind].sequences]
            row = {"case": f"case-{number}", **dict.fromkeys((*sequences, "mask"), "empty.nii.gz")}
            write_table(folder / name / f"{cohort}.csv", row, [row])
    return folder


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_planned_and_told(name, scale, data, tmp_path):
    """The real layout of folders for the scale "paper", nothing for the others."""
    given = ["--data", str(data / name)] if scale == "paper" else []
    result = CliRunner().invoke(
        app, ["recipe", "run", name, "--scale", scale, "--dry-run", "--work", str(tmp_path / "work"), *given]
    )
    assert result.exit_code == 0, result.output
    arms = arms_of(load_recipe(name), scale)
    for number, arm in enumerate(arms, start=1):
        assert f"job {number} of {len(arms)}: {arm} (" in result.output
    assert "training.optimiser.learning_rate" in result.output
    assert ("1 labelled cases of --data" in result.output) == bool(given)
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("name", NAMES)
def test_at_the_papers_scale_phantoms_do_not_stand_for_data(name, tmp_path):
    with pytest.raises(InputError, match="--data: found no cohort"):
        run_recipe(RecipeRun(load_recipe(name), "paper", tmp_path / "work"))
    assert not (tmp_path / "work").exists()
    told = CliRunner().invoke(app, ["recipe", "run", name, "--scale", "paper", "--dry-run"])
    assert told.exit_code == 0, told.output
    assert "to be given" in told.output


@pytest.mark.parametrize("name", NAMES)
def test_tables_and_findings_are_of_arms_and_regions_that_there_are(name):
    """At the paper's scale every arm is run, and every published row and finding has its arms and regions."""
    recipe = load_recipe(name)
    arms = arms_of(recipe, "paper")
    for table in recipe.tables:
        rows = {arm for pattern in table.arms for arm in matching(pattern, arms)}
        assert all(matching(pattern, arms) for pattern in table.arms)
        assert set(table.published) <= rows
        assert any(table.cohort in judged_on(recipe, arms[arm]) for arm in rows)
        for arm in rows:
            assert set(table.regions) <= {one.name for one in SCHEMES[arms[arm].scheme].all_regions}
    for finding in recipe.findings:
        for arm in (finding.first, finding.second):
            assert finding.cohort in judged_on(recipe, arms[arm])
            assert finding.region in {one.name for one in SCHEMES[arms[arm].scheme].all_regions}


def test_seeds_of_cohorts_do_not_meet_but_for_a_second_reader():
    taken = {}
    for name in NAMES:
        for cohort, one in load_recipe(name).cohorts.items():
            for seed in range(one.seed, one.seed + max(one.cases["tiny"], one.cases["small"])):
                taken.setdefault(seed, []).append((name, cohort, one.second_rater))
    meeting = {frozenset(users) for users in taken.values() if len(users) > 1}
    assert {tuple(sorted(user[1] for user in users)) for users in meeting} == {
        ("local-r1", "local-r2"), ("local-test-r1", "local-test-r2"),
    }  # fmt: skip
    assert all(sorted(user[2] for user in users) == [False, True] for users in meeting)


REQUIREMENTS = Path(__file__).parents[3] / "shared" / "requirements.md"
NUMBER = re.compile(r"\d*\.\d+|\d+")


@pytest.mark.parametrize("name", ["000-peds-nnunet-vs-deepmedic", "001-stepwise-transfer", "002-arca-pre-post"])
def test_published_figures_are_those_that_were_noted_of_the_paper(name):
    if not REQUIREMENTS.is_file():
        pytest.skip("the notes of the papers are not here")
    section = REQUIREMENTS.read_text("utf-8").split(f"\n## S{int(name[:3])} ")[1].split("\n## ")[0]
    noted = set(NUMBER.findall(section))
    for table in load_recipe(name).tables:
        for arm, row in table.published.items():
            for column, text in row.items():
                numbers = NUMBER.findall(text)
                assert numbers
                assert set(numbers) <= noted, (table.title, arm, column)


def test_a_name_that_no_recipe_has():
    with pytest.raises(InputError, match="expected one of 000-"):
        load_recipe("005")


def test_a_file_of_ones_own_and_what_is_wrong_with_it(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(CliRunner().invoke(app, ["recipe", "show", "001"]).output, "utf-8")
    assert load_recipe(str(path)).name == "001-stepwise-transfer"
    path.write_text(path.read_text("utf-8").replace("train: adults", "train: grown-ups"), "utf-8")
    with pytest.raises(InputError, match="cohort of arm adult 'grown-ups', which is none of adults, children"):
        load_recipe(str(path))
    path.write_text("name: [", "utf-8")
    with pytest.raises(InputError, match="no readable YAML"):
        load_recipe(str(path))


def test_recipes_are_listed():
    listed = CliRunner().invoke(app, ["recipe", "list"])
    assert listed.exit_code == 0
    assert all(name[:3] in listed.output for name in NAMES)


def test_the_second_reader_has_the_same_images_and_other_masks(tmp_path):
    from oncontour.experiments.cohorts import make_phantoms, sources

    recipe = load_recipe("004")
    places = sources(recipe, "tiny", ("local-r1", "local-r2"), None, tmp_path)
    found = {}
    for name, source in places.items():
        few = source.__class__(source.root, True, 1)
        make_phantoms(recipe.cohorts[name], few, 6.0, 1, lambda done, total: None)
        (found[name],) = read_dataset(few.root).cases
    one, other = found.values()
    assert one.name == other.name
    assert {name: file.path.name for name, file in one.images.items()} == {
        name: file.path.name for name, file in other.images.items()
    }
    assert other.mask.path.name.endswith("-seg2.nii.gz")
    assert one.mask.path.read_bytes() != other.mask.path.read_bytes()
