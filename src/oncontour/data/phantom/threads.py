"""Work on several items at once; what comes out must not depend on how many threads there are."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)
Result = TypeVar("Result")


def in_threads(work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> dict[Item, Result]:
    """The result of `work` for each item, in the order of the items.

    >>> in_threads(lambda n: n * n, (3, 1, 2), threads=2)
    {3: 9, 1: 1, 2: 4}
    """
    items = tuple(items)
    if threads <= 1:
        return {item: work(item) for item in items}
    with ThreadPoolExecutor(threads) as pool:
        return dict(zip(items, pool.map(work, items), strict=True))


def plain_algebra() -> AbstractContextManager[object]:
    """Keep matrix products on the thread that asks for them.

    Left to itself the algebra library starts a thread a core for each of ours, and they wait for one another in loops
    that burn time: 16 s instead of 4 on two busy cores. On some processors the roundings, too, depend on the number of
    threads.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="blas")
