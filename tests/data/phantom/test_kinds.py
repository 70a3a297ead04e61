"""Rates of the papers, met by the masks."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.core.labels import SCHEMES
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.kinds import KINDS, kind_named
from oncontour.data.phantom.lesion import Part

CASES = 120
TOLERANCE = 0.12
"""Nearly three standard deviations of a share of 70 % in 120 cases."""


def shares(anatomy, kind):
    """Share of cases with each label, with a second focus."""
    spec = Spec(spacing_mm=4.0, kind=KINDS[kind], sequences=())
    number = {label.value: label.name for label in KINDS[kind].scheme.labels}
    found = Counter()
    for seed in range(CASES):
        case = make_case(anatomy, seed, spec)
        found.update(number[value] for value in np.unique(case.labels).tolist() if value)
        found["second"] += len(case.foci) > 1
    return {name: count / CASES for name, count in found.items()}


def test_paediatric_rates(anatomy):
    found = shares(anatomy, "paediatric")
    for name, share in {"ET": 0.85, "NET": 0.95, "CC": 0.68, "ED": 0.43, "second": 0.24}.items():
        assert found[name] == pytest.approx(share, abs=TOLERANCE), name


def test_adult_rates(anatomy):
    found = shares(anatomy, "adult")
    for name, share in {"ET": 0.88, "ED": 0.90, "second": 0.31}.items():
        assert found[name] == pytest.approx(share, abs=TOLERANCE), name


def test_operated_brains_have_a_cavity(anatomy):
    found = shares(anatomy, "postoperative")
    assert found["RC"] > 0.97
    assert found["ET"] == pytest.approx(0.75, abs=0.15)


def test_every_part_that_a_kind_can_have_has_a_label():
    for kind in KINDS.values():
        assert kind.scheme.name in SCHEMES
        if kind.labels:
            names = {label.name for label in kind.scheme.labels}
            assert set(kind.labels.values()) <= names
            assert {Part.EDEMA, Part.SOLID, Part.NECROSIS, Part.ENHANCING} <= set(kind.labels)
            assert kind.rates.cyst == 0 or Part.CYST in kind.labels
            assert kind.rates.resected == 0 or {Part.CAVITY, Part.BLOOD, Part.GAS} <= set(kind.labels)


def test_children_have_smaller_heads(anatomy):
    volumes = {
        kind: np.mean([make_case(anatomy, s, Spec(4.0, kind=KINDS[kind], sequences=())).brain.sum() for s in range(12)])
        for kind in ("adult", "paediatric")
    }
    assert volumes["paediatric"] < 0.85 * volumes["adult"]


def test_unknown_kind():
    with pytest.raises(InputError, match="'elderly'"):
        kind_named("elderly")
