"""A plan as a YAML file: read with the field that is wrong named, written as one would by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from oncontour.core.errors import BundleError
from oncontour.data.files import write_whole
from oncontour.plans.plan import Plan

ON_ONE_LINE = 100
"""Characters of a list or mapping that a saved plan keeps on one line."""
FOLDED = frozenset("\x85\u2028\u2029")
"""Breaks of lines that PyYAML would write as they are, and not read back."""


def load_plan(path: Path) -> Plan:
    """Read a plan.

    Raises:
        BundleError: not a plan; the message names the field.
    """
    try:
        return Plan.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError) as error:
        remedy = "Give the path of a plan.yaml."
        raise BundleError(path, f"no readable plan ({_told(error)})", "a YAML file", remedy) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BundleError(path, f"field {place!r}: {first['msg']}", "a complete plan", "Correct that field.") from error


def card_beside(path: Path) -> str | None:
    """The card that lies beside a plan, NAME.card.md beside NAME.yaml; None: there is none."""
    card = path.with_name(f"{path.name.removesuffix('.yaml')}.card.md")
    return card.read_text("utf-8") if card.exists() else None


def _told(error: Exception) -> str:
    """What is wrong with a file: of YAML's mistakes the line and the problem, never the text itself."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return type(error).__name__


class _Dumper(yaml.SafeDumper):
    """YAML as one would write it by hand: what fits on a line stands on a line."""

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        short = len(json.dumps(mapping)) <= ON_ONE_LINE
        return super().represent_mapping(tag, mapping, short if flow_style is None else flow_style)

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        short = len(json.dumps(sequence)) <= ON_ONE_LINE
        return super().represent_sequence(tag, sequence, short if flow_style is None else flow_style)

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Where a break of lines that YAML folds is inside, in double quotes, which escape it."""
        return self.represent_scalar("tag:yaml.org,2002:str", data, style='"' if FOLDED & set(data) else None)


_Dumper.add_representer(str, _Dumper.represent_str)


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan, fields in their own order; `load_plan` gives the same plan."""
    text = yaml.dump(plan.model_dump(mode="json"), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    write_whole(path, lambda part: part.write_text(text, "utf-8"))
