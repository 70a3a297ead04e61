"""What raters' pages say, as JSON. It is made of what `rating` gives, which does not know whose a mask is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oncontour.core.labels import SCHEMES
from oncontour.review.results.images import Shown
from oncontour.review.study.plan import WHOLE_MAP
from oncontour.review.study.rating import Item, Progress
from oncontour.review.study.scales import LIKERT, lacking, score_of
from oncontour.review.study.study import Study


def about(study: Study) -> dict[str, Any]:
    """The study: its name, instructions, scale and questions."""
    scale = study.scale
    return {
        "name": study.name,
        "instructions": study.instructions,
        "scale": {
            "lowest": scale.lowest, "highest": scale.highest, "acceptable": scale.acceptable, "means": scale.means,
            "computed": scale is not LIKERT,
        },
        "questions": [vars(question) for question in study.questions],
    }  # fmt: skip


def page(study: Study, item: Item, shown: Shown) -> dict[str, Any]:
    """A page to rate: tokens, colours, and where the viewer begins."""
    whole_map = study.region == WHOLE_MAP
    colours = [rgb(mask.colour) for mask in item.masks]
    scheme = SCHEMES[study.scheme]
    return {
        "item": item.item,
        "number": item.number,
        "of": item.of,
        "sequences": list(shown.images),
        "regions": list(shown.names),
        "colours": dict(
            zip(shown.names, [one.colour for one in scheme.regions] if whole_map else colours, strict=True)
        ),
        "titles": {one.name: one.title for one in scheme.regions} if whole_map else {},
        "centre": shown.centre,
        "masks": [
            {
                "mask": mask.mask,
                "colour": None if whole_map else colour,
                "regions": list(shown.names) if whole_map else [shown.names[n]],
                "answers": item.answers[mask.mask],
                "score": score(study, item.answers[mask.mask]),
            }
            for n, (mask, colour) in enumerate(zip(item.masks, colours, strict=True))
        ],
    }


def score(study: Study, answers: Mapping[str, Any]) -> dict[str, int] | None:
    """What the answers of a mask come to so far; nothing while one is lacking."""
    return None if lacking(study.questions, answers) else vars(score_of(study.scale, answers))


def far(progress: Progress) -> dict[str, Any]:
    """How far a rater is: never what was answered."""
    return {"rater": progress.rater, "locked": progress.locked, "of": progress.of, "seconds": round(progress.seconds)}


def rgb(colour: str) -> tuple[int, ...]:
    """Three numbers from 0 to 255.

    >>> rgb("#e69f00")
    (230, 159, 0)
    """
    return tuple(bytes.fromhex(colour.removeprefix("#")))
