"""What the processes that share a training tell one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from torch import Tensor

from oncontour.training.losses import Total, alone

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Item = TypeVar("Item")


def summed(fabric: Fabric) -> Total:
    """The sum of a tensor over all processes, through which gradients flow back to each.

    Every process computes the loss of the whole batch from such sums; the gradient that reaches a process is the sum
    of all of theirs, and the mean over processes that follows undoes it: what is left is the batch's own gradient.
    """
    if fabric.world_size == 1:
        return alone

    def total(sums: Tensor) -> Tensor:
        from torch.distributed.nn.functional import all_reduce

        return all_reduce(sums)

    return total


def gathered(fabric: Fabric, items: list[Item]) -> list[Item]:
    """The items of all processes, dealt out one by one (item n to process n % size), in their first order."""
    if fabric.world_size == 1:
        return items
    from torch.distributed import all_gather_object

    dealt: list[list[Item]] = [[] for _ in range(fabric.world_size)]
    all_gather_object(dealt, items)
    return [part[n] for n in range(max(map(len, dealt))) for part in dealt if n < len(part)]
