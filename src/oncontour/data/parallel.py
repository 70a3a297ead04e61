"""The same work for many things, in several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from oncontour.core.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int = 1,
    prepare: Callable[[], None] | None = None,
) -> Iterator[Result]:
    """The results in the order of the items, each as soon as it and those before it are there.

    Args:
        work: a function that other processes can import, where there are several.
        workers: processes; 1: this one.
        prepare: called once in each process, where there are several.

    Raises:
        InputError: the system ended a process.
    """
    items = list(items)
    if workers <= 1 or len(items) < 2:
        yield from map(work, items)
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    with ProcessPoolExecutor(min(workers, len(items)), get_context("spawn"), initializer=prepare) as pool:
        try:
            yield from pool.map(work, items)
        except BrokenProcessPool as error:
            remedy = "Memory may have run out: use fewer processes. What is done is kept."
            raise InputError("worker processes", "one that the system ended", "all of them at work", remedy) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
