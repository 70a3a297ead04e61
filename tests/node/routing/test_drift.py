"""What no rule knows is counted; what a rule knows is not."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from oncontour.node.routing.drift import Seen, drift
from oncontour.node.routing.rules import Condition, Rule, RuleSet, Then

START = datetime(2024, 5, 1, tzinfo=UTC)
RULES = RuleSet(
    rules=(
        Rule(name="known", when=Condition(text="brain"), then=Then(ignore=True)),
        Rule(name="all", then=Then(hold="look")),
    )
)

SEEN = st.builds(
    Seen,
    description=st.sampled_from(["New Protocol", "NEW  protocol", "Brain", ""]),
    protocol=st.sampled_from(["t1", "T1", "x"]),
    rule=st.sampled_from([None, "known", "all", "a rule of last year"]),
    when=st.integers(0, 999).map(lambda minutes: START + timedelta(minutes=minutes)),
)


@given(st.lists(SEEN))
def test_every_unknown_study_is_counted_once(seen):
    unknown = [one for one in seen if one.rule in (None, "all")]
    found = drift(seen, RULES)
    assert sum(one.count for one in found) == len(unknown)
    assert [one.count for one in found] == sorted((one.count for one in found), reverse=True)
    assert all(one.first <= one.last for one in found)
    if unknown:
        assert min(one.first for one in found) == min(one.when for one in unknown)
        assert max(one.last for one in found) == max(one.when for one in unknown)


def test_spelling_makes_no_group():
    seen = [Seen(text, "T1", None, START + timedelta(hours=n)) for n, text in enumerate(("new  scan", "New Scan"))]
    (one,) = drift(seen, RULES)
    assert (one.description, one.count, one.last - one.first) == ("New Scan", 2, timedelta(hours=1))
    assert "Scan" not in repr(one)
