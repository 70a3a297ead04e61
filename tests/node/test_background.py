"""What is done again and again."""

import threading

from oncontour.node.background import repeating


def test_what_fails_is_done_again(caplog):
    done, tried = threading.Event(), []

    def work():
        tried.append(1)
        if len(tried) == 1:
            raise ValueError("a patient's name")
        done.set()

    with repeating("falters", 0.01, work):
        assert done.wait(60)
    assert "falters failed, and is tried again: ValueError" in caplog.text
    assert "patient" not in caplog.text
