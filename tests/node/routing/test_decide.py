"""The first rule that holds decides, no study is without a decision, and the decision can be explained."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncontour.core.sequence import Sequence
from oncontour.node.routing.decide import NO_RULE, decide
from oncontour.node.routing.explain import explain
from oncontour.node.routing.facts import StudyFacts
from oncontour.node.routing.rules import Condition, Process, Rule, RuleSet, Then, default_rules

GLIOMA = StudyFacts(
    sender="SCANNER1",
    description="MR Brain with and without",
    protocols=("t1_mprage", "t2_flair"),
    series=("t1 post gd", "FLAIR ax"),
    body_parts=("BRAIN",),
    modalities=("MR",),
    age_years=52.0,
    brain=True,
    sequences=frozenset({Sequence.T1, Sequence.T1CE, Sequence.FLAIR}),
    contrast="given",
)

EXAMPLES = {
    "no MR": replace(GLIOMA, modalities=("CT", "SR"), brain=False),
    "no head": replace(GLIOMA, brain=False, body_parts=("LSPINE",)),
    "under age": replace(GLIOMA, age_years=17.9),
    "age unknown": replace(GLIOMA, age_years=None),
    "another disease": replace(GLIOMA, description="Kontrolle Meningeom"),
    "no contrast agent": replace(GLIOMA, sequences=frozenset({Sequence.FLAIR}), contrast="not given"),
    "after surgery": replace(GLIOMA, description="Brain post-op day 2"),
    "glioma": GLIOMA,
}


@pytest.mark.parametrize("rule", EXAMPLES)
def test_every_default_rule_is_reached(rule):
    assert decide(EXAMPLES[rule], default_rules()).rule == rule


def test_every_default_rule_has_an_example():
    assert [rule.name for rule in default_rules().rules] == list(EXAMPLES)


@pytest.mark.parametrize(
    "text",
    ["Meningioma", "meningeoma", "brain METASTASES", "Metastasen", "AVM fu", "pituitary dyn", "Hypophyse", "ipofisi",
     "hipófisis",
     "acoustic neuroma", "Lymphom", "abscess"],
)  # fmt: skip
def test_other_diseases_are_held_wherever_they_are_named(text):
    for facts in (
        replace(GLIOMA, description=text),
        replace(GLIOMA, protocols=("a", text)),
        replace(GLIOMA, series=(text,)),
    ):
        assert decide(facts, default_rules()).action == "hold", text


@pytest.mark.parametrize(
    "text", ["Glioblastoma", "Astrozytom", "brain", "navm", "Tumor Verlauf", "Primary brain tumour"]
)
def test_gliomas_are_processed(text):
    decision = decide(replace(GLIOMA, description=text), default_rules())
    assert (decision.action, decision.process) == ("process", Process(bundle="default"))


def test_what_no_rule_knows_is_held():
    decision = decide(replace(GLIOMA, sequences=frozenset({Sequence.T2})), default_rules())
    assert (decision.action, decision.rule, decision.reason) == ("hold", None, NO_RULE)
    assert len(decision.tried) == len(default_rules().rules)


def test_children_go_where_a_site_says():
    children = Rule(
        name="children",
        when=Condition(younger_than=18),
        then=Then(process=Process(bundle="paediatric", deliver=("pacs",))),
    )
    rules = RuleSet(rules=(children, *default_rules().rules))
    decision = decide(EXAMPLES["under age"], rules)
    assert decision.process is not None
    assert decision.process.bundle == "paediatric"
    assert explain(decision).startswith("Processed with bundle paediatric, priority 5, delivered also to pacs")


FACTS = st.builds(
    StudyFacts,
    sender=st.sampled_from(["SCANNER1", "PACS", ""]),
    description=st.sampled_from(["MR Brain", "post-op", "Meningiom", "", "LWS"]),
    protocols=st.lists(st.sampled_from(["t1", "flair", "x"]), max_size=2).map(tuple),
    series=st.lists(st.sampled_from(["t1 ce", "tof"]), max_size=2).map(tuple),
    body_parts=st.sampled_from([(), ("BRAIN",), ("KNEE",)]),
    modalities=st.sampled_from([(), ("MR",), ("CT", "MR"), ("CT",)]),
    age_years=st.none() | st.floats(0, 110),
    brain=st.booleans(),
    sequences=st.frozensets(st.sampled_from(list(Sequence))),
    contrast=st.sampled_from(["given", "not given", "unknown"]),
    tags=st.sampled_from([{}, {"StationName": ("MR1",)}]),
)

LEAVES = st.sampled_from(
    [
        {"text": "brain"},
        {"description": "post.?op"},
        {"protocol": "^t1$"},
        {"series": "ce"},
        {"sender": "scanner"},
        {"tags": {"StationName": "^mr"}},
        {"body_part": ["brain"]},
        {"modality": ["mr"]},
        {"has": ["T1CE", "FLAIR"]},
        {"has_all": ["T1CE", "FLAIR"]},
        {"contrast": ["given"]},
        {"brain": True},
        {"age_known": True},
        {"younger_than": 18},
        {"at_least": 18},
    ]
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.fixed_dictionaries({"not": inner}) | st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)})
    ),
    max_leaves=4,
)


def holds(condition: dict, facts: StudyFacts) -> bool:
    """What the default set's documentation says of a condition, decided by a rule set of this one rule."""
    rule = Rule(name="only", when=Condition.model_validate(condition), then=Then(ignore=True))
    return decide(facts, RuleSet(rules=(rule,))).rule == "only"


@given(CONDITIONS, CONDITIONS, FACTS)
def test_conditions_combine(one, other, facts):
    assert holds({"not": one}, facts) != holds(one, facts)
    assert holds({"any": [one, other]}, facts) == (holds(one, facts) or holds(other, facts))
    if not set(one) & set(other):
        assert holds(one | other, facts) == (holds(one, facts) and holds(other, facts))


@given(st.lists(CONDITIONS | st.none(), max_size=5), FACTS)
def test_the_first_rule_that_holds_decides(conditions, facts):
    rules = RuleSet(
        rules=tuple(
            Rule(name=str(n), when=None if c is None else Condition.model_validate(c), then=Then(hold=f"reason {n}"))
            for n, c in enumerate(conditions)
        )
    )
    decision = decide(facts, rules)
    expected = next((str(n) for n, c in enumerate(conditions) if c is None or holds(c, facts)), None)
    assert decision.rule == expected
    assert decision.reason == (NO_RULE if expected is None else f"reason {expected}")
    assert [one.rule for one in decision.tried] == [str(n) for n in range(len(decision.tried))]
    assert [one.held for one in decision.tried[:-1]] == [False] * (len(decision.tried) - 1)


@given(FACTS)
def test_no_study_is_without_a_decision_and_none_under_age_or_without_contrast_goes_through(facts):
    decision = decide(facts, default_rules())
    assert (decision.process is not None) == (decision.action == "process")
    assert explain(decision).count("\n") >= len(decision.tried)
    if decision.action == "process":
        assert facts.brain
        assert "MR" in facts.modalities
        assert facts.contrast == "given"
        assert facts.age_years is not None
        assert facts.age_years >= 18


@pytest.mark.parametrize(
    ("condition", "facts", "expected"),
    [
        ({"younger_than": 18}, {"age_years": None}, False),
        ({"at_least": 18}, {"age_years": None}, False),
        ({"younger_than": 18}, {"age_years": 18.0}, False),
        ({"at_least": 18}, {"age_years": 18.0}, True),
        ({"sender": "^scanner1$"}, {}, True),
        ({"tags": {"StationName": "^mr1$"}}, {"tags": {"StationName": ("x", "MR1")}}, True),
        ({"tags": {"StationName": "."}}, {}, False),
        ({"has_all": ["T1CE", "ADC"]}, {}, False),
        ({"modality": ["mr"]}, {}, True),
    ],
)
def test_conditions_one_by_one(condition, facts, expected):
    assert holds(condition, replace(GLIOMA, **facts)) is expected


def test_explain_says_which_rule_and_why():
    told = explain(decide(EXAMPLES["another disease"], default_rules()))
    assert told.startswith("Held (rule 'another disease'): The description names another disease")
    assert "1. no MR: does not hold\n   - not: modality: one of MR; found MR" in told
    assert "found 'Kontrolle Meningeom'" in told


def test_nothing_of_the_study_shows_by_accident():
    decision = decide(EXAMPLES["another disease"], default_rules())
    assert "Meningeom" not in repr(decision) + repr(EXAMPLES["another disease"])
    assert "Meningeom" not in decision.reason
