import pytest

from oncontour.core.errors import InputError
from oncontour.postprocess import Rules


def test_defaults_are_the_papers():
    rules = Rules()
    assert (rules.threshold, rules.hole_mm3, rules.island_share, rules.connectivity) == (0.5, 3.0, 0.1, 26)


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 1.0},
        {"threshold": float("nan")},
        {"island_share": -0.1},
        {"hole_mm3": -1.0},
        {"minimum_whole_mm3": float("nan")},
        {"connectivity": 8},
    ],
)
def test_impossible_rules_are_refused_by_name(wrong):
    (name,) = wrong
    with pytest.raises(InputError, match=name):
        Rules(**wrong)
