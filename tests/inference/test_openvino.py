"""OpenVINO gives what torch gives: every network, every size of tile; and where it does not, torch is used."""

import logging
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from oncontour.core.errors import OutputError
from oncontour.inference import engines, openvino
from oncontour.inference.bundle import load_bundle, save_bundle, verify_bundle
from oncontour.inference.engines import Engine, choose_engine
from oncontour.inference.openvino import Compiled, compiled
from oncontour.inference.tiling import stride_and_margin
from oncontour.networks import build_network

pytestmark = pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is not installed")

NNUNET = {"features_per_stage": [4, 8, 12], "strides": [1, 2, 2], "n_conv_per_stage_decoder": 1}
NETWORKS = {
    "residual_unet": {"features": [4, 8, 12], "fine": 4},
    "nnunet": {**NNUNET, "n_conv_per_stage": 1},
    "nnunet_resenc": {**NNUNET, "n_blocks_per_stage": [1, 1, 1]},
    "segresnet": {"features": 8, "blocks_down": [1, 1], "blocks_up": [1]},
    "ar": {"features": 8, "patch": [16, 16, 16]},
    "deepmedic": {"size": 0.2},
    "unet_report": {"start": 4},
    "ca_cnn": {"features": 8},
    "ar_ca": {"features": 8, "patch": [16, 16, 8]},
}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ONCONTOUR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_gives_the_same_in_tiles_of_any_size(name):
    torch.manual_seed(0)
    network = build_network(name, {"inputs": 2, "outputs": 3, **NETWORKS[name]}).eval()
    found = compiled(network, 2, name, "f32")
    assert isinstance(found, Compiled)
    assert (found.stride, found.margin) == stride_and_margin(network)
    for units in ((40, 32, 36), (36, 48, 32)):
        sizes = [-(-n // step) * step + 2 * rim for n, step, rim in zip(units, found.stride, found.margin, strict=True)]
        tile = torch.randn(1, 2, *sizes)
        with torch.inference_mode():
            expected = network(tile)
        # Channels last, as tiles come.
        torch.testing.assert_close(
            found(tile.contiguous(memory_format=torch.channels_last_3d)), expected, atol=1e-3, rtol=0
        )


@pytest.fixture
def bundle(tmp_path, make_plan):
    torch.manual_seed(0)
    network = build_network("residual_unet", {"inputs": 2, "outputs": 3, "features": [4, 8], "fine": 4})
    golden = np.random.default_rng(0).normal(size=(2, 16, 24, 16)).astype(np.float32)
    return save_bundle(tmp_path / "tiny", make_plan(), network, golden, "# tiny\n\nA test.\n", {})


@pytest.mark.parametrize(
    ("engine", "within"), [(Engine.OPENVINO, 1e-3), (Engine.OPENVINO_BF16, 0.02), (Engine.TORCH_BF16, 0.02)]
)
def test_a_bundle_gives_the_same(bundle, engine, within):
    other = load_bundle(bundle.folder, engine)
    image = np.random.default_rng(1).normal(size=(2, 40, 33, 21)).astype(np.float32)
    assert other.probabilities(image) == pytest.approx(bundle.probabilities(image), abs=within)
    assert verify_bundle(other) < within


def test_a_graph_is_made_once_for_each_precision_and_again_by_another_version(bundle, home, monkeypatch):
    assert load_bundle(bundle.folder, Engine.OPENVINO).runners
    (kept,) = home.glob("openvino/*/network.xml")
    made = kept.stat().st_mtime_ns
    assert load_bundle(bundle.folder, Engine.OPENVINO).runners
    assert [kept.stat().st_mtime_ns for kept in home.glob("openvino/*/network.xml")] == [made]
    assert load_bundle(bundle.folder, Engine.OPENVINO_BF16).runners
    assert len(list(home.glob("openvino/*"))) == 2
    monkeypatch.setattr(openvino.oncontour, "__version__", "0.0.0")
    assert load_bundle(bundle.folder, Engine.OPENVINO).runners
    assert len(list(home.glob("openvino/*"))) == 3


class Fickle(torch.nn.Module):
    """What it does depends on the size of its tile, which a trace does not see."""

    def forward(self, tile):
        return tile * tile.shape[-1] if tile.shape[-1] > 32 else tile


def broken(*_):
    raise RuntimeError("no such operation")


@pytest.mark.parametrize("breaks", [False, True])
def test_what_openvino_cannot_do_torch_does_and_it_is_said(home, caplog, monkeypatch, breaks):
    if breaks:
        monkeypatch.setattr(openvino, "_converted", broken)
    network = Fickle()
    with caplog.at_level(logging.WARNING):
        assert compiled(network, 1, "fickle", "f32") is network
    assert "torch is used in place of OpenVINO" in caplog.text
    assert ("RuntimeError" if breaks else "logits that differ") in caplog.text
    assert not list(home.glob("openvino/*"))


def test_a_bundle_says_which_engine_did_not_run_it(bundle, monkeypatch):
    assert load_bundle(bundle.folder, Engine.TORCH).engine_notes == ()
    assert load_bundle(bundle.folder, Engine.OPENVINO).engine_notes == ()
    monkeypatch.setattr(openvino, "compiled", lambda network, *_: network)
    (note,) = load_bundle(bundle.folder, Engine.OPENVINO).engine_notes
    assert note == f"The engine openvino could not run model {bundle.name}: torch did, in full precision."


def test_a_home_that_cannot_be_written_costs_speed_alone(tmp_path, caplog, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ONCONTOUR_HOME", str(tmp_path / "file"))
    network = Fickle()
    monkeypatch.setattr(openvino, "_check", lambda *_: None)
    assert compiled(network, 1, "fickle", "f32") is network
    assert "torch is used in place of OpenVINO" in caplog.text


SILENT = """
import socket, sys
def refuse(*_): raise SystemExit("it called")
socket.socket.connect = socket.getaddrinfo = refuse
sys.addaudithook(lambda event, _: refuse() if event == "subprocess.Popen" else None)
from oncontour.inference.openvino import runtime
runtime().Core()
assert "openvino_telemetry" not in sys.modules
assert "openvino.tools.ovc.telemetry_stub" in sys.modules
"""


def test_its_import_is_told_to_nobody(tmp_path):
    """OpenVINO's telemetry would leave its traces in the home, and call out."""
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", SILENT], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.glob("intel*")) == []


def test_an_engine_is_chosen_by_name(monkeypatch):
    assert choose_engine("torch") is Engine.TORCH
    with pytest.raises(OutputError, match="openvino-bf16"):
        choose_engine("tensorflow")
    monkeypatch.setattr(engines, "find_spec", lambda _: None)
    with pytest.raises(OutputError, match=r"oncontour\[openvino\]"):
        choose_engine("openvino")
