import pytest

from oncontour.core.errors import InputError
from oncontour.evaluate.statistics import volume_interval

REF = [10.0, 20.0, 30.0, 40.0, 50.0]


def test_a_lower_level_is_narrower():
    pred = [11.0, 19.0, 33.0, 38.0, 51.0]
    wide, narrow = volume_interval(20.0, pred, REF), volume_interval(20.0, pred, REF, level=0.5)
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize(("volume", "held_out", "words"), [(0.0, REF, "0.0 mL"), (5.0, [0, 0, 0, 40, 50], "too few")])
def test_what_no_interval_can_be_given_of_is_refused(volume, held_out, words):
    with pytest.raises(InputError, match=words):
        volume_interval(volume, held_out, REF)
