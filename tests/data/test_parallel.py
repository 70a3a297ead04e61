"""The same work in several processes."""

from __future__ import annotations

import os

import pytest

from oncontour.core.errors import InputError
from oncontour.data.parallel import each


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_items(workers):
    assert list(each(abs, (-3, 1, -2), workers)) == [3, 1, 2]


def test_a_process_that_the_system_ended_is_told():
    with pytest.raises(InputError, match="system ended"):
        list(each(os._exit, (1, 2), workers=2))
