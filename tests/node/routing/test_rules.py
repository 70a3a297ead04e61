"""Rules are read with every mistake named, and written back as they were."""

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from oncontour.core.errors import InputError
from oncontour.node.routing.patterns import LONGEST_TEXT, checked, found_in
from oncontour.node.routing.rules import Condition, Process, Rule, RuleSet, Then, default_rules, dump_rules, read_rules

PATTERNS = st.sampled_from(["brain", "^MR.*tumou?r$", "(?<!no )contrast", "post.?op|resection", "[a-z]{2,5}"])
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)


@st.composite
def conditions(draw, depth: int = 2) -> Condition:
    fields = {
        "text": PATTERNS,
        "sender": PATTERNS,
        "tags": st.dictionaries(st.sampled_from(["StationName", "InstitutionName"]), PATTERNS, min_size=1),
        "body_part": st.lists(NAMES, min_size=1, max_size=2),
        "has": st.lists(st.sampled_from(["T1", "T1CE", "FLAIR"]), min_size=1, max_size=2),
        "contrast": st.just(["given", "unknown"]),
        "brain": st.booleans(),
        "younger_than": st.integers(1, 90),
    }
    if depth:
        inner = conditions(depth - 1)
        fields |= {"any": st.lists(inner, min_size=1, max_size=2), "not": inner}
    chosen = draw(st.sets(st.sampled_from(sorted(fields)), min_size=1, max_size=3))
    return Condition.model_validate({name: draw(fields[name]) for name in sorted(chosen)})


THENS = st.one_of(
    st.just(Then(ignore=True)),
    st.builds(lambda reason: Then(hold=reason), NAMES),
    st.builds(
        lambda bundle, priority, deliver: Then(process=Process(bundle=bundle, priority=priority, deliver=deliver)),
        NAMES,
        st.integers(1, 9),
        st.lists(NAMES, max_size=2).map(tuple),
    ),
)
RULES = st.builds(Rule, name=NAMES, when=st.none() | conditions(), then=THENS)
RULE_SETS = st.lists(RULES, max_size=5, unique_by=lambda rule: rule.name).map(lambda rules: RuleSet(rules=tuple(rules)))


@given(RULE_SETS)
def test_rules_come_back_from_yaml(tmp_path_factory, rules):
    path = tmp_path_factory.getbasetemp() / "rules.yaml"
    path.write_text(dump_rules(rules), "utf-8")
    assert read_rules(path) == rules


def test_the_default_rules_come_back_from_yaml(tmp_path):
    (tmp_path / "rules.yaml").write_text(dump_rules(default_rules()), "utf-8")
    assert read_rules(tmp_path / "rules.yaml") == default_rules()


def rule(**changes) -> dict:
    return {"name": "one", "then": {"ignore": True}} | changes


WRONG = {
    r"'mening\[' is no regular expression": [rule(when={"text": "mening["})],
    r"'\(a\+\)\+b' repeats a group": [rule(when={"tags": {"StationName": "(a+)+b"}})],
    "'StationNam' is no keyword": [rule(when={"tags": {"StationNam": "x"}})],
    r"rules.0.then.process.priority \(11\)": [rule(then={"process": {"bundle": "default", "priority": 11}})],
    r"rules.0.when.has.0 \('T3'\)": [rule(when={"has": ["T3"]})],
    r"rules.0.when.colour \('red'\)": [rule(when={"colour": "red"})],
    r"rules.1.when.any.0.contrast.0 \('perhaps'\)": [
        rule(),
        rule(name="two", when={"any": [{"contrast": ["perhaps"]}]}),
    ],
    "hold and ignore, instead of one": [rule(then={"ignore": True, "hold": "why"})],
    "nothing, instead of one": [rule(then={})],
    "asks nothing": [rule(when={})],
    "rules of the same name: 'one'": [rule(), rule()],
    r"rules.0.then.ignore \(False\)": [rule(then={"ignore": False})],
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_field_is_named_with_its_value(tmp_path, message):
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"rules": WRONG[message]}))
    with pytest.raises(InputError, match=message):
        read_rules(tmp_path / "rules.yaml")


@pytest.mark.parametrize(
    ("content", "message"), [("rules: [", "no YAML at line"), ("- a", "the file"), ("", "the file"), ("\tx", "no YAML")]
)
def test_a_file_that_holds_no_rules_is_refused(tmp_path, content, message):
    (tmp_path / "rules.yaml").write_text(content)
    with pytest.raises(InputError, match=message):
        read_rules(tmp_path / "rules.yaml")
    with pytest.raises(InputError, match="FileNotFoundError"):
        read_rules(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|aa)+$", "(?:a*)*b", "(a{1,9}){2}", r"(a)\1", "a*a*a*a*b", "(?=(a+)+)b", "x" * 501, "(?P<n>a)(?P=n)"],
)
def test_patterns_that_could_run_too_long_are_refused(pattern):
    with pytest.raises(ValueError, match=r"repeat|refers back|501 characters"):
        checked(pattern)


@pytest.mark.parametrize("pattern", [".*.*.*b", "a*a*a*b", r"(a|b)?\w+\s*\d{2,9}$", ".*?a.*?a.*?$b"])
def test_the_slowest_pattern_allowed_is_quick(pattern):
    start = time.process_time()
    found_in(checked(pattern), "a" * 100_000)
    assert time.process_time() - start < 2


@given(st.text(max_size=LONGEST_TEXT))
def test_a_pattern_is_searched_in_any_part_and_case(text):
    assert found_in("brain", f"{text[:50]}BRAIN{text[50:]}")
    assert found_in("^brain$", "Brain")
    assert not found_in("^brain$", "x brain")


def test_tags_that_rules_ask_for_are_known():
    inner = Condition(none_of=Condition(any_of=(Condition(tags={"StationName": "x"}),)), tags={"OperatorsName": "y"})
    rules = RuleSet(rules=(Rule(name="a", when=inner, then=Then(ignore=True)), Rule(name="b", then=Then(hold="h"))))
    assert rules.tags == {"StationName", "OperatorsName"}
    assert rules.catch_alls == {"b"}
