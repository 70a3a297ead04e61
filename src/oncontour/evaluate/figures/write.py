"""The figures that `oncontour evaluate` and `oncontour compare` write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from oncontour.core.labels import LabelScheme
from oncontour.drawing.files import hexadecimal, write_figure
from oncontour.evaluate.case import RegionScore
from oncontour.evaluate.compare import Comparison, Model
from oncontour.evaluate.figures.bland_altman import bland_altman_plots
from oncontour.evaluate.figures.box_brackets import Pair, box_brackets
from oncontour.evaluate.figures.proportions import proportions
from oncontour.evaluate.figures.samples import Drawn, Measured, model_of, shares_of, volumes_of
from oncontour.evaluate.figures.strips import strips
from oncontour.evaluate.figures.violins import violins
from oncontour.evaluate.figures.volumes import volumes


def write_evaluation_figures(scores: Sequence[RegionScore], scheme: LabelScheme, out: Path) -> tuple[Path, ...]:
    """Dice as violins and as strips, volumes, their agreement, and shares where the scheme has a whole tumour.

    Args:
        scores: of every case and region; of none there is no figure.
        scheme: of the masks.
        out: folder; each figure becomes a PNG, a PDF and a CSV there.

    Raises:
        OutputError: a file cannot be written.
    """
    if not scores:
        return ()
    dice = model_of(scores, "dice")
    colours = {region: hexadecimal(scheme.region(region).colour) for region in dice.scores}
    predicted, true = model_of(scores, "volume_pred_ml", "predicted"), model_of(scores, "volume_ref_ml", "true")
    drawn = {
        "dice-violins": violins({"": [dice]}),
        "dice-strips": strips({"All regions": dice.scores}, colours=colours),
        "volumes": volumes([predicted, true]),
        "volumes-bland-altman": bland_altman_plots(volumes_of(scores), "mL"),
    }
    shares = shares_of(scores)
    if shares:
        drawn["shares"] = proportions(shares)
        drawn["shares-bland-altman"] = bland_altman_plots(list(map(_percent, shares)), "% of whole tumour")
    return _write(drawn, out)


def write_comparison_figures(models: Sequence[Model], found: Comparison, out: Path) -> tuple[Path, ...]:
    """The metric of several models as violins, as strips with counts of zeros, and as boxes with brackets.

    Args:
        models: that were compared.
        found: how they differ; only the cases that it used are drawn, and brackets have its adjusted P.
        out: folder; each figure becomes a PNG, a PDF and a CSV there.

    Raises:
        OutputError: a file cannot be written.
    """
    used = [_kept(model, found) for model in models]
    panels = {region: {model.name: model.scores[region] for model in used} for region in found.cases}
    p: dict[str, dict[Pair, float]] = {}
    for one in found.differences:
        p.setdefault(one.region, {})[one.first, one.second] = one.adjusted_p
    drawn = {
        f"{found.metric}-violins": violins({"": used}, found.metric),
        f"{found.metric}-strips": strips(panels, found.metric),
        f"{found.metric}-brackets": box_brackets(panels, p, found.metric),
    }
    return _write(drawn, out)


def _kept(model: Model, found: Comparison) -> Model:
    scores = {region: {case: model.scores[region][case] for case in cases} for region, cases in found.cases.items()}
    return Model(model.name, scores)


def _percent(one: Measured) -> Measured:
    return replace(one, pred=100 * one.pred, ref=100 * one.ref)


def _write(drawn: dict[str, Drawn], out: Path) -> tuple[Path, ...]:
    return tuple(path for name, (figure, rows) in drawn.items() for path in write_figure(figure, out / name, rows))
