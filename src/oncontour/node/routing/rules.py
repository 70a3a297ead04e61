"""The routing rules of a site, as its YAML has them. `default.yaml` is the rule set that comes with the program."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from oncontour.core.errors import InputError
from oncontour.core.sequence import Sequence
from oncontour.node.routing.facts import Contrast
from oncontour.node.routing.patterns import checked

Pattern = Annotated[str, Field(min_length=1), AfterValidator(checked)]
"""A regular expression, searched for in any part of a text, whatever the case and accents."""

Name = Annotated[str, Field(min_length=1, max_length=64)]
Words = Annotated[tuple[Name, ...], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Condition(_Part):
    """Conditions that must all hold. A list holds where the study has one of its entries.

    Args:
        text: searched in the study's description, every protocol and every series description.
        description, protocol, series: searched in these alone.
        sender: searched in the AE title.
        tags: keyword of a DICOM element -> searched in its values.
        body_part, modality: one of these, in any case of letters.
        has: one of these sequences; has_all: all of them.
        contrast: one of "given", "not given", "unknown".
        brain: whether an MR image in it may be one of a head.
        age_known: whether a header tells the age.
        younger_than, at_least: years; neither holds where the age is not known.
        any: one of these holds; not: this does not hold.
    """

    text: Pattern | None = None
    description: Pattern | None = None
    protocol: Pattern | None = None
    series: Pattern | None = None
    sender: Pattern | None = None
    tags: dict[Name, Pattern] | None = None
    body_part: Words | None = None
    modality: Words | None = None
    has: Annotated[tuple[Sequence, ...], Field(min_length=1)] | None = None
    has_all: Annotated[tuple[Sequence, ...], Field(min_length=1)] | None = None
    contrast: Annotated[tuple[Contrast, ...], Field(min_length=1)] | None = None
    brain: bool | None = None
    age_known: bool | None = None
    younger_than: Annotated[float, Field(gt=0)] | None = None
    at_least: Annotated[float, Field(ge=0)] | None = None
    any_of: Annotated[tuple[Condition, ...], Field(min_length=1)] | None = Field(default=None, alias="any")
    none_of: Condition | None = Field(default=None, alias="not")

    @field_validator("tags")
    @classmethod
    def _known_tags(cls, tags: dict[str, str] | None) -> dict[str, str] | None:
        from pydicom.datadict import tag_for_keyword

        for keyword in tags or ():
            if tag_for_keyword(keyword) is None:
                raise ValueError(f"{keyword!r} is no keyword of a DICOM element, such as StationName")
        return tags

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("a condition that asks nothing; leave `when` out for a rule that always holds")
        return self

    def keywords(self) -> frozenset[str]:
        """Keywords of the elements that it asks for."""
        inner = [*(self.any_of or ()), *([self.none_of] if self.none_of else [])]
        return frozenset(self.tags or ()).union(*(one.keywords() for one in inner))


class Process(_Part):
    """Run a bundle.

    Args:
        bundle: its name.
        priority: 1 is done first, 9 last.
        deliver: names of further places to send the results to.
    """

    bundle: Name
    priority: Annotated[int, Field(ge=1, le=9)] = 5
    deliver: tuple[Name, ...] = ()


class Then(_Part):
    """What to do: one of process, ignore, hold (for a person, with the reason that this person reads)."""

    process: Process | None = None
    ignore: Literal[True] | None = None
    hold: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        named = sorted(self.model_fields_set)
        if len(named) != 1 or getattr(self, named[0]) is None:
            raise ValueError(
                f"{' and '.join(named) or 'nothing'}, instead of one of process, ignore: true, hold: REASON"
            )
        return self


class Rule(_Part):
    """Where all of `when` holds, or where there is no `when`, do `then`."""

    name: Name
    when: Condition | None = None
    then: Then


class RuleSet(_Part):
    """Rules in order: the first that holds decides. Where none holds, the study is held for a person."""

    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _unique_names(self) -> Self:
        names = [rule.name for rule in self.rules]
        if doubles := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"rules of the same name: {', '.join(map(repr, doubles))}")
        return self

    @property
    def tags(self) -> frozenset[str]:
        """Keywords of the elements that the rules ask for, to be read with the facts."""
        return frozenset[str]().union(*(rule.when.keywords() for rule in self.rules if rule.when))

    @property
    def catch_alls(self) -> frozenset[str]:
        """Names of the rules that hold for every study."""
        return frozenset(rule.name for rule in self.rules if rule.when is None)


def read_rules(path: Path) -> RuleSet:
    """Read a rule set.

    Raises:
        InputError: no YAML, or a field that is wrong; the message names the field and its value.
    """
    try:
        return _parsed(path.read_text("utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        found = f"a file that cannot be read ({type(error).__name__})"
        raise InputError(path, found, "routing rules in YAML", "Check the path.") from error


def default_text() -> str:
    """The rule set that comes with the program, as it stands in its commented YAML."""
    return files("oncontour.node.routing").joinpath("default.yaml").read_text("utf-8")


def default_rules() -> RuleSet:
    """The rule set that comes with the program."""
    return _parsed(default_text(), "default.yaml")


def dump_rules(rules: RuleSet) -> str:
    """As YAML; `read_rules` gives the same rules."""
    content = rules.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def _parsed(text: str, where: Path | str) -> RuleSet:
    expected = "routing rules in YAML"
    try:
        content: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise InputError(where, f"no YAML{line}", expected, "Correct that line.") from error
    try:
        return RuleSet.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        value = "" if isinstance(first["input"], dict | list) else f" ({first['input']!r})"
        reason = first["msg"].removeprefix("Value error, ")
        raise InputError(where, f"{place}{value}: {reason}", expected, "Correct that field.") from error
