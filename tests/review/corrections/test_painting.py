"""What painting and erasing mean, and that nothing leads out of a scheme."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncontour.core.errors import InputError
from oncontour.core.labels import BRATS, SCHEMES, SEQUENCE_MASKS
from oncontour.review.corrections.painting import painting_of

from .results import names_of

CASES = [(name, composites) for name, scheme in SCHEMES.items() for composites in {False, bool(scheme.composites)}]


def regions_in(names, state):
    return {name for n, name in enumerate(names) if state >> n & 1}


@pytest.mark.parametrize(("scheme", "composites"), CASES)
@given(data=st.data())
def test_whatever_is_done_gives_a_label_map_of_the_scheme(scheme, composites, data):
    names = names_of(scheme, composites=composites)
    painting = painting_of(scheme, names)
    states = np.zeros((3, 3, 2), np.uint8)
    acts = st.tuples(st.sampled_from(["paint", "erase"]), st.sampled_from(names), st.integers(0, 17))
    for act, name, start in data.draw(st.lists(acts, max_size=25)):
        table = getattr(painting, act)[name]
        there = states.reshape(-1)[start:]
        there[:] = [table[state] for state in there]
        assert all((name in regions_in(names, state)) == (act == "paint") for state in there)
    painting.check(states, "test")
    label_map, regions = painting.label_map(states), painting.regions(states)
    known = SCHEMES[scheme]
    again = known.encode(label_map)  # Refuses labels that the scheme does not have.
    if known.nested:
        np.testing.assert_array_equal(again, regions[: len(known.regions)])
        for region, mask in zip(painting.scheme.regions, regions, strict=True):
            if composites:
                np.testing.assert_array_equal(np.isin(label_map, known.values(region)), mask)
    else:
        np.testing.assert_array_equal(known.encode(known.combine(regions)), regions)


@pytest.mark.parametrize(("scheme", "composites"), CASES)
def test_doing_a_thing_twice_does_no_more(scheme, composites):
    painting = painting_of(scheme, names_of(scheme, composites=composites))
    for tables in (painting.paint, painting.erase):
        for table in tables.values():
            assert all(table[after] == after for after in table.values())


def done(scheme, act, name, before, *, composites=False):
    """Regions of a voxel after painting or erasing one, by their names."""
    names = names_of(scheme, composites=composites)
    table = getattr(painting_of(scheme, names), act)[name]
    state = sum(1 << n for n, one in enumerate(names) if one in before.split())
    return " ".join(one for one in names if one in regions_in(names, table[state]))


@pytest.mark.parametrize(
    ("act", "name", "before", "after"),
    [
        ("paint", "WT", "", "WT"),
        ("paint", "TC", "WT", "WT TC"),
        ("paint", "ET", "", "WT TC ET"),
        ("paint", "WT", "WT TC ET", "WT TC ET"),
        ("erase", "ET", "WT TC ET", "WT TC"),
        ("erase", "TC", "WT TC ET", "WT"),
        ("erase", "WT", "WT TC ET", ""),
        ("erase", "ET", "WT", "WT"),
    ],
)
def test_regions_nest(act, name, before, after):
    assert done("brats", act, name, before) == after


@pytest.mark.parametrize(
    ("act", "name", "before", "after"),
    [
        ("paint", "ADC", "FLAIR", "FLAIR ADC"),
        ("paint", "FLAIR", "", "FLAIR"),
        ("erase", "FLAIR", "FLAIR ADC ET", "ADC ET"),
        ("erase", "ADC", "ADC", ""),
    ],
)
def test_masks_that_overlap_leave_each_other_alone(act, name, before, after):
    assert done("sequence-masks", act, name, before) == after


@pytest.mark.parametrize(
    ("scheme", "act", "name", "before", "after"),
    [
        ("paediatric", "paint", "CC", "WT ED NETCCED", "WT TC CC NETCCED"),
        ("paediatric", "paint", "TC", "WT ED NETCCED", "WT TC NET NETCCED"),
        ("paediatric", "paint", "NETCCED", "", "WT ED NETCCED"),
        ("paediatric", "erase", "ET", "WT TC ET", "WT TC NET NETCCED"),
        ("paediatric", "erase", "CC", "WT TC CC NETCCED", ""),
        ("postoperative", "paint", "RC", "WT TC ET", "WT TC RC"),
        ("postoperative", "paint", "TC", "WT", "WT TC"),
        ("postoperative", "erase", "TC", "WT TC RC", "WT"),
        ("postoperative", "erase", "RC", "WT TC RC", ""),
    ],
)
def test_labels_with_names_of_their_own(scheme, act, name, before, after):
    assert done(scheme, act, name, before, composites=True) == after


def test_the_label_map_is_what_segment_writes():
    states = np.array([[[0, 1, 3, 7]]], np.uint8)
    brats = painting_of("brats", names_of("brats", composites=False))
    np.testing.assert_array_equal(brats.label_map(states), BRATS.decode(BRATS.encode(np.array([[[0, 2, 1, 3]]]))))
    masks = painting_of("sequence-masks", names_of("sequence-masks", composites=False))
    np.testing.assert_array_equal(masks.label_map(states), SEQUENCE_MASKS.decode(masks.regions(states)))


def test_a_scheme_that_is_not_ours_is_not_corrected():
    with pytest.raises(InputError, match="found scheme 'own' of 1 regions"):
        painting_of("own", ("A",))


def test_a_state_of_no_label_is_refused():
    painting = painting_of("brats", names_of("brats", composites=False))
    with pytest.raises(InputError, match=r"case-1: found voxels in states \[2, 5\]"):
        painting.check(np.array([[[0, 2, 5, 7]]], np.uint8), "case-1")
