"""Work that is done again and again."""

import threading

from oncontour.node.background import repeating


def test_an_error_does_not_end_it(caplog):
    times, enough = [], threading.Event()

    def work():
        times.append(1)
        if len(times) == 3:
            enough.set()
        raise ValueError("a patient's name")

    with repeating("worker", 0.01, work):
        assert enough.wait(60)
    assert "worker: an unforeseen ValueError" in caplog.text
    assert "patient" not in caplog.text
