"""A recipe of the smallest size: three arms of two steps on phantoms of 4 mm; and scores as planted."""

from __future__ import annotations

from dataclasses import fields

import pytest
import yaml

from oncontour.evaluate.case import RegionScore
from oncontour.experiments.experiment import Experiment
from oncontour.experiments.run import RecipeRun
from oncontour.training.machine import Machine

MACHINE = Machine(device="cpu", workers=0, threads=1)

SMALLEST = """
name: smallest
title: The smallest experiment
paper: no paper
question: Does it run?
cohorts:
  adults: {real: adults, kind: adult, cases: {tiny: 2, small: 2, paper: 20}, seed: 5}
  children: {real: children, kind: paediatric, cases: {tiny: 2, small: 2, paper: 10}, seed: 5}
  children-test: {real: other children, kind: paediatric, cases: {tiny: 2, small: 2, paper: 5}, seed: 50}
arms:
  adult: {title: adults alone, train: adults, network: nnunet, scheme: whole, channels: [T2]}
  scratch: {title: children alone, train: children, network: nnunet, scheme: whole, channels: [T2]}
  frozen:
    title: adults, then children
    train: children
    from: adult
    scheme: whole
    channels: [T2]
    plan: {training.freeze: [encoder]}
test: [children-test]
scales:
  tiny: &tiny
    said: as small as can be
    folds: 1
    spacing_mm: 4.0
    patch: [16, 16, 16]
    plan:
      training.epochs: 1
      training.steps_per_epoch: 2
      training.precision: fp32
      training.loss.deep_supervision: [1.0]
      inference.mirror: []
    networks:
      nnunet:
        network.arguments.features_per_stage: [4, 8]
        network.arguments.strides: [1, 2]
        network.arguments.kernel_sizes: 3
        network.arguments.n_conv_per_stage: 1
        network.arguments.n_conv_per_stage_decoder: 1
  small: *tiny
  paper: *tiny
tables:
- title: Table 1
  kind: volumes
  cohort: children-test
  arms: ["*"]
  regions: [WT]
  published:
    scratch: {dice: .86 (.67-.91)}
findings:
- statement: Frozen is better.
  first: frozen
  second: scratch
  cohort: children-test
  region: WT
"""


@pytest.fixture
def smallest():
    """Its content, to be changed."""
    return yaml.safe_load(SMALLEST)


@pytest.fixture
def run_of(smallest, tmp_path):
    """A run of it, with other content where that is given."""

    def make(content=None, **others):
        experiment = Experiment.model_validate(content or smallest)
        return RecipeRun(experiment, others.pop("scale", "tiny"), tmp_path / "work", machine=MACHINE, **others)

    return make


@pytest.fixture
def score():
    """A score of one case and region; what is not given is 0, or false."""

    def make(case, region="WT", **given):
        empty = {field.name: 0 for field in fields(RegionScore)}
        flags = dict.fromkeys(("ref_empty", "pred_empty", "prediction_missing"), False)
        return RegionScore(**{**empty, **flags, "case": case, "region": region, **given})

    return make
