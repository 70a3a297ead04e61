import numpy as np
import pytest

from oncontour.postprocess.islands import drop_islands


def row(*sizes):
    mask = np.zeros((1, 1, sum(sizes) + len(sizes)), dtype=bool)
    begin = 0
    for size in sizes:
        mask[..., begin : begin + size] = True
        begin += size + 1
    return mask


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [((20, 2), 20), ((20, 3), 23), ((20, 3, 2, 1), 23), ((5, 5), 10), ((3,), 3), ((), 0)],
)
def test_components_of_more_than_a_tenth_of_the_largest_stay(sizes, kept):
    assert drop_islands(row(*sizes), 0.1).sum() == kept


def test_share_zero_keeps_everything():
    mask = row(100, 1)
    assert np.array_equal(drop_islands(mask, 0.0), mask)


def test_a_shared_corner_joins_for_26_and_not_for_6():
    mask = np.zeros((6, 6, 6), dtype=bool)
    mask[:3, :3, :3] = True
    mask[3, 3, 3] = True
    assert drop_islands(mask, 0.1, connectivity=26).sum() == 28
    assert drop_islands(mask, 0.1, connectivity=6).sum() == 27
