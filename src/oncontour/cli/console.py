"""What the commands share: where text goes, how an error looks, what the exit code says."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from oncontour.core.errors import OncontourError

if TYPE_CHECKING:
    from rich.console import Console

ALL_WELL, SOME_FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes. 130 is the shell's for a process that Ctrl-C ended."""


def console(*, to_stderr: bool = False) -> Console:
    """A console; tables go to standard output, progress and errors to standard error."""
    from rich.console import Console

    return Console(stderr=to_stderr, highlight=False)


def print_error(error: OncontourError, title: str = "Error") -> None:
    """Show an error: where, found, expected, remedy, a line each."""
    from rich.text import Text

    screen = console(to_stderr=True)
    screen.print(Text(f"{title}: {error.where}", style="bold red"), soft_wrap=True)
    for name, text in (("found", error.found), ("expected", error.expected), ("remedy", error.remedy)):
        screen.print(Text.assemble((f"  {name:<9}", "bold"), text), soft_wrap=True)


def counted(number: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "case"), counted(2, "case")
    ('1 case', '2 cases')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"


@contextmanager
def case_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, gone when the block ends; what it gives is called with cases done and all cases."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(to_stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn an error that stops the whole command into a message and its exit code."""
    try:
        yield
    except OncontourError as error:
        print_error(error)
        raise typer.Exit(UNUSABLE) from error
    except KeyboardInterrupt as error:
        typer.echo("Interrupted: what is finished is kept, what was at work is left out.", err=True)
        raise typer.Exit(INTERRUPTED) from error


def print_written(paths: Iterable[Path], folder: Path) -> None:
    """Say which files were written to a folder: those in it by name, those in folders of it by their number."""
    inner = [path.relative_to(folder) for path in paths]
    many = Counter(path.parts[0] for path in inner if len(path.parts) > 1)
    names = [str(path) for path in inner if len(path.parts) == 1]
    names += [f"{name}{os.sep} ({counted(count, 'file')})" for name, count in many.items()]
    typer.echo(f"Written to {folder}: {', '.join(names)}")
