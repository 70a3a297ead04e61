"""`oncontour segment`: studies in; masks, volumes, a report and DICOM out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from oncontour.cli.console import ALL_WELL, SOME_FAILED, exit_codes
from oncontour.core.sequence import Sequence

_FILES = "One study as files"
_CHOICES = "Choices"
_OUTPUT = "Output"


class Normalisation(StrEnum):
    """How intensities are brought to one scale, over the brain."""

    ZSCORE = "zscore"
    MINMAX = "minmax"
    PERCENTILE95 = "percentile95"
    PERCENTILE99 = "percentile99"


def register(app: typer.Typer) -> None:
    """Add `oncontour segment` to the command line."""
    app.command("segment")(segment)


def _file_option(sequence: Sequence) -> typer.models.OptionInfo:
    return typer.Option(f"--{sequence.lower()}", metavar="FILE", help=f"NIfTI: {sequence}.", rich_help_panel=_FILES)


def _choice(*names: str, text: str, metavar: str | None = None) -> typer.models.OptionInfo:
    return typer.Option(*names, help=text, metavar=metavar, rich_help_panel=_CHOICES)


def _output(*names: str, text: str, metavar: str | None = None) -> typer.models.OptionInfo:
    return typer.Option(*names, help=text, metavar=metavar, rich_help_panel=_OUTPUT)


_STUDIES_HELP = "A folder or zip of DICOM, a folder of NIfTI files, or a folder of such folders."
_STRIPPED_HELP = "The images hold the brain alone, or the whole head. Default: look at them."
_PREDICT_HELP = "Predict each region's Dice from a few variants of the images (calibrated bundles)."
_DICOM_HELP = "Also write DICOM objects (of DICOM studies): SEG, SR, overlay series, report."
_ENGINE_HELP = "What runs the model: torch, torch-bf16, openvino or openvino-bf16 (docs: engines)."
_WORKERS_HELP = "Cases that are worked on at once, each in a process of its own; they share the cores."
_BUNDLE_HELP = "The model: a shipped bundle's name, or a bundle's folder."


def segment(
    studies: Annotated[list[Path] | None, typer.Argument(metavar="STUDY", help=_STUDIES_HELP)] = None,
    *,
    out: Annotated[Path, _output("--out", "-o", metavar="OUT", text="Results go to OUT/<case>/.")],
    t1: Annotated[Path | None, _file_option(Sequence.T1)] = None,
    t1ce: Annotated[Path | None, _file_option(Sequence.T1CE)] = None,
    t2: Annotated[Path | None, _file_option(Sequence.T2)] = None,
    flair: Annotated[Path | None, _file_option(Sequence.FLAIR)] = None,
    adc: Annotated[Path | None, _file_option(Sequence.ADC)] = None,
    name: Annotated[str | None, typer.Option(metavar="CASE", help="The case's name.", rich_help_panel=_FILES)] = None,
    use: Annotated[
        list[str] | None,
        _choice("--use", metavar="SEQ=SERIES", text="Take this series or file for a sequence. May be repeated."),
    ] = None,
    bias_field: Annotated[bool, _choice("--bias-field/--no-bias-field", text="Correct the bias field (N4).")] = True,
    skull_stripped: Annotated[bool | None, _choice("--skull-stripped/--no-skull-stripped", text=_STRIPPED_HELP)] = None,
    brain_mask: Annotated[Path | None, _choice("--brain-mask", metavar="FILE", text="NIfTI mask of the brain.")] = None,
    normalisation: Annotated[
        Normalisation | None, _choice("--normalisation", text="Default: what the model was trained with.")
    ] = None,
    predict_dice: Annotated[bool, _choice("--predict-dice/--no-predict-dice", text=_PREDICT_HELP)] = True,
    bundle: Annotated[str, _choice("--bundle", metavar="BUNDLE", text=_BUNDLE_HELP)] = "default",
    engine: Annotated[str, _choice("--engine", metavar="ENGINE", text=_ENGINE_HELP)] = "torch",
    workers: Annotated[int, typer.Option("--workers", "-j", min=1, help=_WORKERS_HELP, rich_help_panel=_CHOICES)] = 1,
    dicom: Annotated[bool, _output("--dicom", text=_DICOM_HELP)] = False,
    resume: Annotated[bool, _output("--resume", text="Leave out cases that are done already.")] = False,
    json: Annotated[bool, _output("--json", text="Print the outcome as JSON on standard output.")] = False,
) -> None:
    """Segment the tumour in brain MRI studies, and report what it measures.

    Exit code 0: all well; 1: some case failed, the others are done; 2: unusable arguments.
    """
    files = dict(zip(Sequence, (t1, t1ce, t2, flair, adc), strict=True))
    given = {sequence: path for sequence, path in files.items() if path is not None}
    if bool(studies) == bool(given):
        raise typer.BadParameter("give either studies or the files of one study", param_hint="STUDY")
    stated = dict(_use(text) for text in use or [])

    from oncontour.cli.segment_view import View
    from oncontour.pipeline.options import Options
    from oncontour.pipeline.segment import segment as run

    options = Options(
        bundle=bundle,
        engine=engine,
        bias_field=bias_field,
        skull_stripped=skull_stripped,
        brain_mask=brain_mask,
        normalisation=normalisation.value if normalisation else None,
        predict_dice=predict_dice,
        use=stated,
        dicom=dicom,
        resume=resume,
    )
    with exit_codes(), View(as_json=json) as view:
        outcomes = run(
            given or studies or [],
            out,
            options,
            name=name,
            workers=workers,
            progress=view.progress,
            started=view.started,
            finished=view.finished,
        )
    view.summary(outcomes, out)
    raise typer.Exit(SOME_FAILED if any(outcome.status == "failed" for outcome in outcomes) else ALL_WELL)


def _use(text: str) -> tuple[Sequence, str]:
    """Sequence and series of one `--use`, such as "T1CE=4"."""
    name, _, series = text.partition("=")
    if not series or name.upper() not in Sequence.__members__:
        known = ", ".join(Sequence)
        raise typer.BadParameter(f"{text!r} is not SEQUENCE=SERIES with one of {known}", param_hint="--use")
    return Sequence[name.upper()], series
