"""How fast a machine is. The work on the case is replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from oncontour.core.checks import Step
from oncontour.core.errors import InputError
from oncontour.pipeline import speed
from oncontour.pipeline.options import Options
from oncontour.pipeline.outcome import CaseOutcome
from oncontour.pipeline.speed import Machine, Speed, measure_machine, measure_speed

MACHINE = Machine("a processor", 16, 2, "AVX2", 64.0, 0.5, 0.5, 20.0)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(speed, "SIDE", 64)
    monkeypatch.setattr(speed, "COPIED_BYTES", 1 << 16)


@pytest.fixture
def cases(monkeypatch):
    """What becomes of the cases, first to last."""
    outcomes = []
    monkeypatch.setattr("oncontour.data.phantom.cohort.write_cohort", lambda *_: None)
    monkeypatch.setattr("oncontour.pipeline.segment.segment", lambda *_, **__: [outcomes.pop(0)])
    return outcomes


def test_a_machine_is_measured():
    found = measure_machine(Options(cores=1))
    assert found.used == 1
    assert found.cores >= 1
    assert found.processor
    assert min(found.memory_gib, found.fp32_tflops, found.copied_gb_s) > 0


def test_the_second_case_counts(cases):
    for seconds in (9.0, 3.0):
        result = type("Result", (), {"steps": (Step("bias field T1", seconds, ""),)})
        cases.append(CaseOutcome("case", Path("case"), "done", seconds, {}, result))  # pyright: ignore[reportArgumentType]
    found = measure_speed(Options())
    assert not cases
    assert found.steps == (Step("bias field T1", 3.0, ""),)
    assert found.as_json()["workers"] >= 1


def test_a_case_that_fails_says_why(cases):
    error = InputError("case", "nothing", "something", "Look.")
    cases.append(CaseOutcome("case", Path("case"), "failed", 1.0, {}, error=error))
    with pytest.raises(InputError, match="nothing"):
        measure_speed(Options())


@pytest.mark.parametrize(
    ("busy", "peak_gib", "workers"), [(2.0, 3.0, 8), (1.6, 3.0, 10), (0.5, 3.0, 16), (2.0, 20.0, 2), (16.0, 1.0, 1)]
)
def test_as_many_cases_at_once_as_cores_and_memory_carry(busy, peak_gib, workers):
    assert Speed(MACHINE, 20.0, 10.0, busy, peak_gib, ()).workers == workers
