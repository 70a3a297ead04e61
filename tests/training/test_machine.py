"""What a machine is asked to compute in."""

import pytest
import torch

from oncontour.training.machine import Machine, make_fabric, resolved

CPU = Machine(device="cpu")
GPU = Machine(device="cuda")


@pytest.mark.parametrize("units", ["avx512_bf16", "amx_bf16"])
def test_auto_is_bf16_where_the_processor_has_units_for_it(monkeypatch, units):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {units: True})
    assert resolved("auto", CPU) == "bf16"
    assert make_fabric(CPU, "auto")._precision.precision == "bf16-mixed"


def test_auto_is_fp32_where_it_has_none(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_f": True, "amx_bf16": False})
    assert resolved("auto", CPU) == "fp32"
    assert make_fabric(CPU, "auto")._precision.precision == "32-true"


@pytest.mark.parametrize(("native", "expected"), [(True, "bf16"), (False, "fp32")])
def test_auto_asks_the_gpu_for_units_of_its_own(monkeypatch, native, expected):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: native or including_emulation)
    assert resolved("auto", GPU) == expected


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_what_a_plan_says_is_done(precision):
    assert resolved(precision, CPU) == precision
