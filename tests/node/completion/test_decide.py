"""When a study counts as complete."""

from hypothesis import given
from hypothesis import strategies as st

from oncontour.node.completion.decide import Expected, Series, complete_by
from oncontour.node.completion.settings import CompletionSettings

SETTINGS = CompletionSettings()

series = st.dictionaries(
    st.sampled_from("abc"), st.builds(Series, st.integers(1, 5), st.floats(0, 300)), min_size=1, max_size=3
)
expected = st.none() | st.builds(
    Expected, st.dictionaries(st.sampled_from("abc"), st.integers(1, 5), min_size=1), st.floats(0, 20)
)


@given(series, st.floats(0, 7200), expected)
def test_a_study_with_images_missing_waits_to_the_end(here, open_s, there):
    by = complete_by(here, open_s, open_s, there, SETTINGS)
    if open_s >= SETTINGS.longest_s:
        assert by == "force"
    elif there and any(here.get(uid, Series(0, 0)).images < number for uid, number in there.images.items()):
        assert by is None
    elif there:
        assert by in ("count", None)
    else:
        assert by in ("quiet", None)


@given(series, expected, st.floats(0, 3599), st.floats(0, 300))
def test_waiting_longer_never_undoes_completeness(here, there, open_s, more):
    later = {uid: Series(one.images, one.quiet_s + more) for uid, one in here.items()}
    if complete_by(here, open_s, open_s, there, SETTINGS):
        assert complete_by(later, open_s + more, open_s + more, there, SETTINGS)


def test_a_series_that_the_peer_lacks_must_be_quiet():
    there = Expected({"a": 2}, 10.0)
    assert complete_by({"a": Series(2, 1.0), "b": Series(1, 59.0)}, 60.0, 60.0, there, SETTINGS) is None
    assert complete_by({"a": Series(2, 1.0), "b": Series(1, 60.0)}, 60.0, 60.0, there, SETTINGS) == "count"


def test_a_peer_that_still_receives_is_not_believed():
    assert complete_by({"a": Series(2, 1.0)}, 60.0, 60.0, Expected({"a": 2}, 3.9), SETTINGS) is None
    assert complete_by({"a": Series(2, 1.0)}, 60.0, 60.0, Expected({"a": 2}, 4.0), SETTINGS) == "count"


def test_more_than_expected_is_enough():
    assert complete_by({"a": Series(3, 0.0)}, 1.0, 1.0, Expected({"a": 2}, 4.0), SETTINGS) == "count"


def test_a_node_that_is_started_again_and_again_comes_to_an_end_with_a_study_that_is_quiet():
    there = Expected({"a": 3}, 10.0)
    quiet_s = SETTINGS.quiet_s
    assert complete_by({"a": Series(2, quiet_s)}, quiet_s, SETTINGS.longest_s, there, SETTINGS) == "force"
    assert complete_by({"a": Series(2, quiet_s - 1)}, quiet_s, SETTINGS.longest_s, there, SETTINGS) is None
    assert complete_by({"a": Series(2, quiet_s)}, quiet_s, SETTINGS.longest_s - 1, there, SETTINGS) is None
