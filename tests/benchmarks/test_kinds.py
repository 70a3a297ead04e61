"""benchmarks/kinds.py measures every shipped tumour model, and counts what a bundle misses."""

from __future__ import annotations

import pytest

from oncontour.data.phantom.kinds import kind_named
from oncontour.inference.bundle import load_bundle, shipped_bundles


@pytest.fixture
def kinds():
    import kinds

    return kinds


def test_every_shipped_tumour_model_is_measured(kinds):
    assert set(shipped_bundles()) - {"brain"} <= set(kinds.KINDS)


def test_a_bundle_is_measured_on_phantoms_with_its_sequences(kinds):
    for name in set(kinds.KINDS) & set(shipped_bundles()):
        wanted = set(load_bundle(name).plan.channels)
        for settings in kinds.KINDS[name]:
            assert wanted & (set(kind_named(settings.kind).sequences) - set(settings.without))


def test_a_miss_counts_and_what_nobody_has_does_not(kinds):
    found = [
        kinds.Found({"WT": 0.8, "ET": 0.0}, {"WT": 10.0, "ET": 1.0}, {"WT": 9.0, "ET": 0.0}),
        kinds.Found({"WT": 0.9}, {"WT": 5.0, "ET": 0.0}, {"WT": 5.0, "ET": 0.0}),
    ]
    assert kinds._dice(found, "WT") == "0.850 (0.850), n = 2"
    assert kinds._dice(found, "ET") == "0.000 (0.000), n = 1"
    assert kinds._dice(found, "RC") == ""
