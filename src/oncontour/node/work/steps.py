"""The steps of a case. Each may be done again: what it finds done it leaves, and who lost the case does not go on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from oncontour.core.errors import OutputError
from oncontour.data.files import explained
from oncontour.node.delivery.send import send
from oncontour.node.delivery.sending import Sending
from oncontour.node.ledger.case import BY_HAND, Case, State
from oncontour.node.ledger.cases import LostCaseError, check_mine, move
from oncontour.node.ledger.deliveries import plan_deliveries
from oncontour.node.peers.peer import references_of
from oncontour.node.work.site import Route, Site

PARTS = {"segmentation": "seg.dcm", "measurements": "sr.dcm", "overlay": "overlay/*/*.dcm", "report": "report.dcm"}
"""Of what may be delivered, the files in the results."""


def gather(site: Site, held: Case) -> Path:
    """The images of a case, as links into a folder of its own: what comes later is of another case."""
    folder = site.inputs / held.case
    if folder.exists():
        return folder
    part = site.inputs / f"{held.case}.{held.epoch}.part"
    try:
        with explained(part):
            if part.exists():
                shutil.rmtree(part)
            part.mkdir(parents=True)
            for image in held.images:
                (part / image).hardlink_to(site.images / held.study / image)
            try:
                part.rename(folder)
            except OSError:
                if not folder.exists():
                    raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def decide(site: Site, held: Case) -> Route:
    """What is to be done with a case, as a person said, or by the rules."""
    if held.rule == BY_HAND:
        return Route("process", BY_HAND, held.bundle)
    return site.route(gather(site, held), held.sender)


def segment(site: Site, held: Case, bundle: str) -> str:
    """Segment a case, into a folder that no other node writes to; its name."""
    out = site.results / f"{held.case}.{held.epoch}"
    site.segmenter(gather(site, held), out, bundle)
    return out.name


def read_result(site: Site, held: Case, folder: str) -> dict[str, Any]:
    """What the ledger keeps of a result: volumes, checks, the bundle, seconds of each stage."""
    place = site.results / folder / held.case
    measured, quality, origin = (
        _read(place / name) for name in ("measurements.json", "quality.json", "provenance.json")
    )
    return {
        "folder": folder,
        "volumes_ml": {region["name"]: region["volume_ml"] for region in measured["regions"]},
        "verdict": quality["verdict"],
        "seconds": {step["name"]: step["seconds"] for step in quality["steps"]},
        "bundles": origin["bundles"],
    }


def plan(site: Site, held: Case, folder: str, peers: Sequence[str]) -> dict[str, str]:
    """Write down what goes where; the files of the result by SOPInstanceUID."""
    place = site.results / folder / held.case
    files = sorted(file for part in site.delivery.parts for file in place.glob(PARTS[part]))
    if peers and not files:
        raise OutputError(f"case {held.case}", "no object to deliver", "a SEG at least", "Report this.")
    names = {reference.instance: str(file.relative_to(place)) for file, reference in references_of(files).items()}
    plan_deliveries(site.base, held.case, names, peers)
    return names


def deliver(site: Site, held: Case, folder: str) -> dict[str, str]:
    """One try; why, of each peer that lacks something still."""
    assert held.result is not None
    place = site.results / folder / held.case
    files = {instance: place / file for instance, file in held.result["objects"].items()}
    sending = Sending(site.base, site.node, held.case, files, site.delivery, lambda: fence(site, held))
    return send(sending, site.peers)


def fence(site: Site, held: Case) -> None:
    """Go no further where another node has the case."""
    try:
        check_mine(site.base, held)
    except LostCaseError:
        site.lost()


def settle(site: Site, held: Case, state: State, **values: Any) -> None:
    """Move a case on, where it is still this node's."""
    try:
        move(site.base, site.node, held, state, **values)
    except LostCaseError:
        site.lost()


def tidy(site: Site, held: Case) -> None:
    """What a finished case no longer needs; what a killed node left half made, too."""
    for folder in (site.inputs / held.case, *site.inputs.glob(f"{held.case}.*.part")):
        shutil.rmtree(folder, ignore_errors=True)


def _read(path: Path) -> Any:
    with explained(path):
        return json.loads(path.read_text("utf-8"))
