"""What is done again and again."""

import threading

from oncontour.node.background import repeating


def test_what_fails_is_done_again():
    done, tried = threading.Event(), []

    def work():
        tried.append(1)
        if len(tried) == 1:
            raise OSError(28, "No space left on device")
        done.set()

    with repeating("falters", 0.01, work):
        assert done.wait(30)
