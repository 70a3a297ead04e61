"""`oncontour recipe`: the papers' experiments, on phantoms or on the data themselves."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oncontour.cli.console import INTERRUPTED, console, counted, exit_codes, print_written
from oncontour.cli.train import Cluster, Device, options
from oncontour.core.errors import InputError

if TYPE_CHECKING:
    from rich.progress import Progress

    from oncontour.experiments.outline import Outline
    from oncontour.experiments.run import RecipeRun
    from oncontour.experiments.steps import Step


class ScaleOption(StrEnum):
    """How large everything is."""

    TINY = "tiny"
    SMALL = "small"
    PAPER = "paper"


NAME = typer.Argument(metavar="NAME", help="A name or number that `oncontour recipe list` tells, or a YAML file.")


def register(app: typer.Typer) -> None:
    """Add `oncontour recipe` to the command line."""
    group = typer.Typer(help="Run the papers' experiments: train, predict, judge, tables beside the published ones.")
    group.command("list")(list_recipes)
    group.command("show")(show)
    group.command("run")(run)
    app.add_typer(group, name="recipe", no_args_is_help=True)


def list_recipes() -> None:
    """List the recipes that come with the program."""
    from rich.table import Table

    from oncontour.experiments.shipped import load_recipe, recipe_names

    table = Table("recipe", "arms", "asks")
    with exit_codes():
        for name in recipe_names():
            one = load_recipe(name)
            table.add_row(name, str(len(one.arms)), one.question)
    console().print(table)


def show(name: Annotated[str, NAME]) -> None:
    """Print a recipe: the file as it is, to read or to begin one's own with."""
    from oncontour.experiments.shipped import recipe_file

    with exit_codes():
        typer.echo(recipe_file(name).read_text("utf-8"), nl=False)


def run(
    name: Annotated[str, NAME],
    scale: Annotated[ScaleOption, typer.Option(help="tiny: phantoms, small networks; paper: the full protocol.")],
    work: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of everything; the same goes on.")] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder, or a table NAME.csv, for each cohort; else phantoms.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print every job and number; train nothing.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Folds of an arm side by side (by submitit).")] = 1,
    arms: Annotated[int, typer.Option(min=1, help="Arms side by side instead (by submitit).")] = 1,
    study: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Optuna data base that gives out the arms; without it WORK/study.db."),
    ] = None,
    cluster: Annotated[Cluster, typer.Option(help="Where they run.")] = Cluster.LOCAL,
    cluster_options: Annotated[
        str, typer.Option(metavar="K=V,...", help="For the cluster, such as slurm_partition=gpu,timeout_min=600.")
    ] = "",
    device: Annotated[Device, typer.Option(help="auto: a GPU where there is one.")] = Device.AUTO,
    workers: Annotated[int, typer.Option("--workers", "-j", min=1, help="Processes that make and read cases.")] = 1,
) -> None:
    """Run a recipe, and write its tables, figures and report.html. What is finished is not done again."""
    from oncontour.experiments.outline import outline
    from oncontour.experiments.report import report_recipe
    from oncontour.experiments.run import RecipeRun, Watch, run_recipe, run_side_by_side
    from oncontour.experiments.shipped import load_recipe
    from oncontour.training.fanout import Queue
    from oncontour.training.machine import Machine

    view = "bars" if console(to_stderr=True).is_terminal else "lines"
    with exit_codes():
        if jobs > 1 and arms > 1:
            raise InputError("--arms", f"{arms}, and --jobs {jobs}", "one of the two", "Leave one out.")
        experiment = load_recipe(name)
        asked = RecipeRun(
            experiment,
            scale.value,
            work or Path(f"{experiment.name}-{scale.value}"),
            data,
            workers,
            Machine(device.value, view=view),
            Queue() if arms > 1 else Queue(jobs, cluster.value, options(cluster_options)),
            study,
        )
        if dry_run:
            _print_outline(asked, outline(asked))
            return
        teller = _Teller()
        try:
            watch = Watch(teller.step, teller.part, teller.wait)
            if arms > 1:
                run_side_by_side(asked, Queue(arms, cluster.value, options(cluster_options)), watch)
            else:
                run_recipe(asked, watch)
        except KeyboardInterrupt as error:
            typer.echo("Interrupted; the state is saved. The same command goes on.", err=True)
            raise typer.Exit(INTERRUPTED) from error
        finally:
            teller.stop()
        written = report_recipe(asked)
    print_written(written, asked.work)


class _Teller:
    """Tells each step in a line, and what is done within it in a bar with the time left."""

    def __init__(self) -> None:
        self._bar: Progress | None = None

    def step(self, step: Step, number: int, total: int, before: bool) -> None:
        self.stop()
        typer.echo(f"{number} of {total}: {step.name}{' (done before)' if before else ''}", err=True)

    def wait(self, arms: tuple[str, ...]) -> None:
        typer.echo(f"Nothing left here; {', '.join(arms)} at work elsewhere", err=True)

    def part(self, what: str, done: int, total: int) -> None:
        from rich.progress import Progress

        screen = console(to_stderr=True)
        if what == "trainings" or not screen.is_terminal:  # Trainings have bars of their own.
            return
        if self._bar is None and done < total:
            self._bar = Progress(console=screen, transient=True)
            self._bar.start()
            self._bar.add_task(what)
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], description=what, completed=done, total=total)
            if done == total:
                self.stop()

    def stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _print_outline(asked: RecipeRun, found: Outline) -> None:
    from oncontour.experiments.outline import BRAIN_MM
    from oncontour.experiments.words import shown

    experiment = asked.experiment
    screen = console()

    def line(text: str) -> None:
        screen.print(text, soft_wrap=True, markup=False)

    line(f"{experiment.name} at scale {asked.scale}: {experiment.scales[asked.scale].said}")
    line("")
    for cohort in found.cohorts:
        there = f"{cohort.found} labelled cases of --data" if cohort.source == "data" else cohort.source
        line(f"cohort {cohort.name}: {there}, {cohort.expected} in the recipe ({cohort.real})")
    for number, job in enumerate(found.jobs, start=1):
        network, training = job.plan.network, job.plan.training
        line("")
        line(f"job {number} of {len(found.jobs)}: {job.arm} ({job.title})")
        split = f"{job.training} to train on, {job.validation} to validate on, in each"
        line(f"  cohort {job.cohort}; {counted(job.folds, 'fold')}: {split if job.validation else 'every case'}")
        line(f"  {network.name} of {shown(network.arguments)}")
        begins = f"weights of {job.before}" if job.before else "random weights"
        line(f"  begins with {begins}; frozen: {', '.join(job.frozen) or 'nothing'}; seed {training.seed}")
        line(f"  judged on {', '.join(job.tests) or 'nothing'}")
    line("")
    line("Numbers in which arms differ:")
    for place, values in found.differing.items():
        line(f"  {place}: {', '.join(f'{arm} {shown(value)}' for arm, value in values.items())}")
    line("")
    line("Numbers that all arms share:")
    for place, value in found.alike.items():
        line(f"  {place}: {shown(value)}")
    line("")
    size = " x ".join(f"{mm:g}" for mm in BRAIN_MM)
    line(f"Planned for brains of {size} mm; a run plans on its data. Nothing was made or trained.")
