"""Tables as pages have them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False) -> str:
    """A table in Markdown, without a line's end.

    Args:
        head: names of the columns.
        rows: cells, as many each.
        numbers: whether all columns but the first hold numbers, which stand on the right.

    >>> print(table(["", "Dice"], [["WT", "0.9"]], numbers=True))
    |  | Dice |
    | --- | ---: |
    | WT | 0.9 |
    """
    under = ["---", *["---:" if numbers else "---"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, under, *rows))
