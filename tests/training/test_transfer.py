"""Weights of another model: what fits is kept, stems and heads follow the names of sequences and regions."""

import csv
import json
from dataclasses import replace

import pytest
import torch

from oncontour.core.errors import InputError
from oncontour.inference.bundle import load_bundle
from oncontour.networks import NETWORKS
from oncontour.plans.plan import NetworkPlan
from oncontour.plans.training import StartPlan
from oncontour.training.machine import Machine
from oncontour.training.run import train_plan
from oncontour.training.state import load_weights, make_network
from oncontour.training.transfer import Face, transfer

from .small_networks import SMALL

MACHINE = Machine(device="cpu", workers=0, threads=1)

FOUR = ("T1", "T1CE", "T2", "FLAIR")
REGIONS = ("WT", "TC", "ET")


def plan_of(name, inputs, outputs, **changes):
    return NetworkPlan(name=name, arguments={"inputs": inputs, "outputs": outputs, **SMALL[name], **changes})


def moved(name, channels, regions, start=None, old=(FOUR, REGIONS), softmax=False, **changes):
    """A network of these names, filled from one of four sequences and three regions; both, and the report by tensor."""
    torch.manual_seed(0)
    plans = plan_of(name, len(old[0]), len(old[1])), plan_of(name, len(channels), len(regions), **changes)
    other, network = (make_network(plan).eval() for plan in plans)
    faces = Face(*old, softmax=False), Face(channels, regions, softmax)
    rows = transfer(network, plans[1], faces[1], other, plans[0], faces[0], start or StartPlan())
    return other, network, {row.tensor: row for row in rows}


def image(name, *channels):
    """Noise on these of four channels, zeros on the others."""
    edge = 57 if name == "deepmedic" else 16
    drawn = torch.randn(1, 4, edge, edge, edge, generator=torch.Generator().manual_seed(1))
    return torch.stack([drawn[:, n] if n in channels else torch.zeros_like(drawn[:, n]) for n in range(4)], 1)


def test_no_network_is_left_out():
    assert set(SMALL) == set(NETWORKS)


def image_in_features(name):
    """These add the image itself to features, channel by channel: in another order it is another sum."""
    return name in ("ca_cnn", "ar_ca")


@pytest.mark.parametrize("name", SMALL)
def test_fewer_sequences_in_another_order_are_as_if_the_others_were_absent(name):
    other, network, rows = moved(name, ("FLAIR", "T1CE"), ("ET", "WT"))
    whole = image(name, 1, 3)
    with torch.no_grad():
        expected, found = other(whole)[:, [2, 0]], network(whole[:, [3, 1]])
    assert torch.allclose(found, expected, atol=1e-5) != image_in_features(name)
    told = {row.how for row in rows.values() if row.kind == "adapted"}
    assert {"FLAIR from FLAIR, T1CE from T1CE", "ET from ET, WT from WT"} <= told
    assert all(row.kind in ("kept", "adapted") for row in rows.values())


@pytest.mark.parametrize("name", SMALL)
def test_the_same_names_are_kept_whole(name):
    other, network, rows = moved(name, FOUR, REGIONS)
    assert {row.kind for row in rows.values()} == {"kept"}
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in other.state_dict().items())
    assert sum(row.numbers for row in rows.values()) >= sum(p.numel() for p in network.parameters())


def test_a_given_sequence_stands_for_one_that_is_unknown():
    """Paper 003: from T2, FLAIR, T1CE to FLAIR, T1CE, ADC."""
    old = ("T2", "FLAIR", "T1CE"), REGIONS
    start = StartPlan.model_validate({"channels": {"ADC": "T2"}, "targets": {"FLAIR": "WT"}})
    other, network, rows = moved("segresnet", ("FLAIR", "T1CE", "ADC"), ("ET", "ADC", "FLAIR"), start, old)
    stem = [name for name, row in rows.items() if "ADC from T2" in row.how]
    assert len(stem) == 1
    assert torch.equal(network.state_dict()[stem[0]], other.state_dict()[stem[0]][:, [1, 2, 0]])
    heads = {name: row for name, row in rows.items() if "ADC from nothing (random)" in row.how}
    assert {row.how for row in heads.values()} == {"ET from ET, ADC from nothing (random), FLAIR from WT"}
    for name in heads:
        assert torch.equal(network.state_dict()[name][[0, 2]], other.state_dict()[name][[2, 0]])
        if name.endswith("weight"):
            assert not torch.equal(network.state_dict()[name][1], other.state_dict()[name][1])


def test_an_unknown_sequence_takes_the_mean():
    other, network, rows = moved("nnunet", ("ADC",), ("WT",))
    (stem,) = [name for name, row in rows.items() if row.how == "ADC from the mean of T1, T1CE, T2, FLAIR"]
    assert torch.allclose(network.state_dict()[stem][:, 0], other.state_dict()[stem].mean(1))


def test_labels_begin_as_the_regions_that_are_given_for_them_alone():
    start = StartPlan(targets={"NET": "TC", "CC": "TC"})
    other, network, rows = moved("residual_unet", FOUR, ("background", "ET", "NET", "CC"), start, softmax=True)
    everything = image("residual_unet", 0, 1, 2, 3)
    labels, regions = network(everything), other(everything)
    assert torch.allclose(labels[:, 2], regions[:, 1])
    assert torch.allclose(labels[:, 3], regions[:, 1])
    assert not torch.allclose(labels[:, 1], regions[:, 2])  # The label ET is not the region ET.
    head = next(row for row in rows.values() if "NET" in row.how)
    assert head.kind == "adapted"
    assert "ET from nothing" in head.how
    assert "CC from TC" in head.how


def test_what_has_another_size_is_fresh_and_told():
    _, _, rows = moved("residual_unet", FOUR, REGIONS, features=[4, 8, 16])
    fresh = [row for row in rows.values() if row.kind == "fresh"]
    assert fresh
    assert {row.how for row in fresh} >= {"the other model has no such tensor"}
    assert any("in the other model" in row.how for row in fresh)
    assert any(row.kind == "kept" for row in rows.values())


def test_hardly_anything_that_fits_is_an_error():
    with pytest.raises(InputError, match="oncontour plan DATASET --from BUNDLE"):
        moved("residual_unet", FOUR, REGIONS, features=[6, 12], fine=6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"channels": {"ADC": "T1"}}, "training.start.channels: found ADC"),
        ({"channels": {"T1": "ADC"}}, "found T1 from ADC"),
        ({"targets": {"CC": "ET"}}, "training.start.targets: found CC"),
        ({"targets": {"ET": "CC"}}, "found ET from CC"),
    ],
)
def test_names_that_nobody_has(given, message):
    with pytest.raises(InputError, match=message):
        moved("residual_unet", FOUR, REGIONS, StartPlan.model_validate(given))


@pytest.fixture
def scratch(brats, request_of, tmp_path):
    """A bundle of two folds trained from random weights, and the data."""
    data = brats(4)
    request = request_of({"synthetic": None}, dataset=data, folds=None, out=tmp_path / "scratch")
    train_plan(request)
    return load_bundle(tmp_path / "scratch"), data


def test_phases_from_a_bundle(scratch, request_of, tmp_path, capsys):
    """Transfer, then a frozen encoder: each fold from the bundle's own, the second phase from the first's best."""
    bundle, data = scratch
    phases = [{"name": "transfer"}, {"name": "decoder-alone", "freeze": ["encoder"], "steps_per_epoch": 3}]
    request = request_of(
        {"synthetic": None, "training": {"phases": phases}}, dataset=data, folds=None, work=tmp_path / "second",
        start=bundle.folder, out=tmp_path / "tuned", machine=replace(MACHINE, view="lines"),
    )  # fmt: skip
    tuned = train_plan(request).bundle
    assert "from" in capsys.readouterr().out
    for fold in (0, 1):
        folder = request.work / f"fold_{fold}"
        first, second = (load_weights(folder / name / "best.pt") for name in ("transfer", "decoder-alone"))
        theirs = bundle.networks[fold][""].state_dict()
        encoder = [name for name in first if name.startswith("encoder")]
        assert encoder
        assert all(torch.equal(first[name], second[name]) for name in encoder)
        assert not all(torch.equal(first[name], second[name]) for name in first)
        assert not any(torch.equal(first[name], theirs[name]) for name in encoder if name.endswith("first.weight"))
        shipped = tuned.networks[fold][""].state_dict()
        assert all(torch.allclose(shipped[name], second[name], atol=1e-3) for name in second)
        rows = list(csv.DictReader((folder / "transfer" / "loaded.csv").open()))
        assert {row["kind"] for row in rows} == {"kept"}
        assert not (folder / "decoder-alone" / "loaded.csv").exists()
        assert [len((folder / name / "log.csv").read_text().splitlines()) for name in ("transfer", "decoder-alone")]
    assert tuned.provenance["from"]["bundle"] == bundle.name
    assert set(tuned.provenance["from"]["sha256"]) == {"fold_0.safetensors", "fold_1.safetensors"}
    manifest = json.loads((request.work / "manifest.json").read_text())
    assert manifest["trainings"][0]["phases"] == ["transfer", "decoder-alone"]


def test_other_weights_than_those_that_the_work_was_begun_with(scratch, request_of, tmp_path):
    bundle, data = scratch
    begun = request_of({"synthetic": None}, dataset=data, work=tmp_path / "second", start=bundle.folder)
    train_plan(begun)
    with pytest.raises(InputError, match="begun with weights of tiny; expected random weights"):
        train_plan(replace(begun, start=None, resume=True))
    with pytest.raises(InputError, match="begun with random weights; expected weights of tiny"):
        train_plan(replace(begun, work=tmp_path / "work", start=bundle.folder, resume=True))
    train_plan(replace(begun, resume=True))


def test_a_bundle_that_does_not_fit_costs_no_time(scratch, request_of, tmp_path):
    bundle, data = scratch
    network = {"name": "residual_unet", "arguments": {"inputs": 4, "outputs": 3, "features": [6, 12], "fine": 6}}
    wide = request_of({"synthetic": None, "network": network}, dataset=data, work=tmp_path / "w", start=bundle.folder)
    with pytest.raises(InputError, match="--from"):
        train_plan(wide)
    assert not (wide.work / "prepared").exists()


def test_the_first_steps_learn_from_the_bundles_weights(scratch, request_of, tmp_path):
    """With a rate of next to nothing the network stays what it was."""
    bundle, data = scratch
    training = {"optimiser": {"name": "sgd", "learning_rate": 1e-12}, "average_decay": None}
    still = request_of(
        {"synthetic": None, "training": training}, dataset=data, work=tmp_path / "w", start=bundle.folder
    )
    train_plan(still)
    weights, theirs = load_weights(still.work / "fold_0" / "last.pt"), bundle.networks[0][""].state_dict()
    assert all(torch.allclose(weights[name], theirs[name], atol=1e-6) for name in theirs)
