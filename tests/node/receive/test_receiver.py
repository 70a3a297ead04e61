"""All ears, and the spool behind them."""

import time
from pathlib import Path

import pytest

from oncontour.node.receive import receiver
from oncontour.node.receive.receiver import receiving
from oncontour.node.receive.settings import ReceiveSettings, ScpSettings
from oncontour.node.spool.store import Spool

from ..images import announced, encoded, mr_image


def test_a_whole_image_that_was_too_young_at_the_start_gets_its_name_while_the_node_runs(tmp_path, monkeypatch):
    """A virtual machine that is reset is back within seconds."""
    monkeypatch.setattr(receiver, "RECOVER_EVERY_S", 0.05)
    monkeypatch.setattr("oncontour.node.spool.store.STALE_WHOLE_S", 1.0)
    spool = Spool(tmp_path / "spool")
    image = mr_image()
    part = spool.part(announced(image), "MR1")
    part.write(encoded(image))
    with monkeypatch.context() as cut:  # The power fails before the name is given.
        cut.setattr(spool, "place", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        cut.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            part.keep()
    with receiving(ReceiveSettings(scp=ScpSettings(port=0), keep_free_mb=1), spool, lambda arrival: None):
        assert not list(spool.studies.rglob("*.dcm"))
        end = time.monotonic() + 30
        while not list(spool.studies.rglob("*.dcm")) and time.monotonic() < end:
            time.sleep(0.05)
    assert len(list(spool.studies.rglob("*.dcm"))) == 1
    assert not list(spool.incoming.iterdir())
