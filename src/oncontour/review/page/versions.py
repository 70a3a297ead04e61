"""Addresses of marks, versions and downloads. A version is found by its number among those listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oncontour.core.errors import InputError, OncontourError
from oncontour.data.files import read_json
from oncontour.data.inputs import safe_name
from oncontour.data.nifti import nifti_bytes
from oncontour.review.corrections.marks import add_mark, list_marks, verdict_of
from oncontour.review.corrections.painting import painting_of
from oncontour.review.corrections.versions import (
    OWN,
    Edit,
    Version,
    latest,
    list_versions,
    save_version,
    version_folder,
)
from oncontour.review.corrections.write import (
    PROVENANCE,
    REGIONS,
    SEG,
    SEGMENTATION,
    is_dicom,
    write_segmentation_object,
)
from oncontour.review.results.crop import cut
from oncontour.review.results.gallery import Gallery
from oncontour.review.results.images import read_states
from oncontour.review.results.result import MEASUREMENTS, Result
from oncontour.web.body import json_object, read_body
from oncontour.web.guard import session_of

BYTES = "application/octet-stream"
DOWNLOADS = (SEGMENTATION, REGIONS, SEG)


def version_routes(gallery: Gallery, result_of: Callable[[Request], Result]) -> list[Route]:
    """Routes of what readers add.

    Args:
        gallery: what is shown.
        result_of: the case that a request is about.
    """

    async def reviewed(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(_reviewed, result_of(request)))

    async def measurements(request: Request) -> Response:
        result, number = result_of(request), request.path_params["number"]
        return JSONResponse(await run_in_threadpool(_measurements, result, number))

    async def regions(request: Request) -> Response:
        result, number = result_of(request), request.path_params["number"]
        return Response(await run_in_threadpool(_regions, gallery, result, number), media_type=BYTES)

    async def download(request: Request) -> Response:
        result, number, file = result_of(request), request.path_params["number"], request.path_params["file"]
        if file not in DOWNLOADS:
            raise HTTPException(404, "no file of that name")
        content = await run_in_threadpool(_download, gallery, result, number, file)
        named = f"{safe_name(result.name)}-version-{number}-{file}"
        headers = {"Content-Disposition": f'attachment; filename="{named}"'}
        return Response(content, media_type=BYTES, headers=headers)

    async def mark(request: Request) -> Response:
        result, said = result_of(request), _said({**await json_object(request), **_by(request)})
        kept = await run_in_threadpool(_mark, gallery, result, said)
        return JSONResponse(kept, 201)

    async def save(request: Request) -> Response:
        result = result_of(request)
        box_shape = await run_in_threadpool(_states_shape, gallery, result)
        body = await read_body(request, int(np.prod(box_shape)), exact=True)
        states = np.frombuffer(body, np.uint8).reshape(box_shape, order="F")
        return JSONResponse(await run_in_threadpool(_save, gallery, result, states, request), 201)

    case = "/api/cases/{case}"
    return [
        Route(f"{case}/review", reviewed),
        Route(f"{case}/marks", mark, methods=["POST"]),
        Route(f"{case}/versions", save, methods=["POST"]),
        Route(f"{case}/versions/{{number:int}}", measurements),
        Route(f"{case}/versions/{{number:int}}/page/regions.nii", regions),
        Route(f"{case}/versions/{{number:int}}/{{file}}", download),
    ]


def review_line(result: Result) -> dict[str, Any]:
    """What the list of cases says of marks and versions: of the latest version."""
    try:
        version, marks = latest(result), list_marks(result)
        number = version.number if version else OWN
        volumes = _volumes(version.measurements) if version else result.volumes_ml
    except OncontourError:  # Opening the case says what is wrong; the list goes on.
        number, marks, volumes = OWN, [], result.volumes_ml
    return {"version": number, "mark": verdict_of(marks, number), "volumes_ml": volumes}


def _reviewed(result: Result) -> dict[str, Any]:
    marks = list_marks(result)
    versions = [_own(result), *map(_version, list_versions(result))]
    for one in versions:
        one["mark"] = verdict_of(marks, one["number"])
    return {"versions": versions, "marks": [asdict(one) for one in marks], "painting": _painting(result)}


def _own(result: Result) -> dict[str, Any]:
    files = set(_files(result.folder)) | ({SEG} if is_dicom(result.folder / PROVENANCE) else set())
    return {"number": OWN, "volumes_ml": result.volumes_ml, "files": sorted(files)}


def _version(version: Version) -> dict[str, Any]:
    said = {name: value for name, value in asdict(version).items() if name != "folder"}
    return {**said, "volumes_ml": _volumes(version.measurements), "files": _files(version.folder)}


def _files(folder: Path) -> list[str]:
    return [file for file in DOWNLOADS if (folder / file).exists()]


def _volumes(measurements: Any) -> dict[str, float]:
    return {region["name"]: region["volume_ml"] for region in measurements["regions"]}


def _painting(result: Result) -> dict[str, Any]:
    """The tables of `painting_of`, or why there are none."""
    try:
        painting = painting_of(result.measurements.get("scheme", ""), tuple(result.volumes_ml))
    except OncontourError as error:
        return {"refused": str(error)}
    return {"paint": painting.paint, "erase": painting.erase}


def _measurements(result: Result, number: int) -> dict[str, Any]:
    return read_json(_folder(result, number) / MEASUREMENTS)


def _regions(gallery: Gallery, result: Result, number: int) -> bytes:
    box = gallery.shown(result.name).box
    return nifti_bytes(cut(read_states(_folder(result, number)), box), "uint8", compressed=False)


def _folder(result: Result, number: int) -> Path:
    try:
        return version_folder(result, number)
    except InputError as error:
        raise HTTPException(404, "no version of that number") from error


def _download(gallery: Gallery, result: Result, number: int, file: str) -> bytes:
    path = _folder(result, number) / file
    if path.exists():
        return path.read_bytes()
    if file == SEG and number == OWN:
        return _own_segmentation_object(gallery, result)
    raise HTTPException(404, "this version has no such file: the study is not DICOM")


def _own_segmentation_object(gallery: Gallery, result: Result) -> bytes:
    """A SEG of the model's own result, where `oncontour segment` was not asked for one."""
    painting, states = painting_of(result.measurements["scheme"], tuple(result.volumes_ml)), read_states(result.folder)
    regions = states.with_array(painting.regions(states.array))
    with TemporaryDirectory(prefix="oncontour-") as temporary:
        path = Path(temporary) / SEG
        source = gallery.source(result.name)
        write_segmentation_object(path, regions, painting.scheme, source, result.folder / PROVENANCE)
        if not path.exists():
            raise HTTPException(404, "the study is not DICOM")
        return path.read_bytes()


def _by(request: Request) -> dict[str, str]:
    """Who came in by a name can sign with no other.

    Raises:
        HTTPException: 403 for who may look alone.
    """
    person = session_of(request).person
    if person.role != "reader":
        raise HTTPException(403, "An admin's account looks, and neither marks nor corrects.")
    return {"by": person.name} if person.name else {}


def _said(said: dict[str, Any]) -> dict[str, Any]:
    try:
        return {
            "by": str(said["by"]),
            "version": int(said["version"]),
            "useful": bool(said["useful"]),
            "reason": str(said.get("reason", "")),
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HTTPException(400, "expected JSON: by, version, useful, reason") from error


def _mark(gallery: Gallery, result: Result, said: dict[str, Any]) -> dict[str, Any]:
    if result.error:
        raise HTTPException(404, "there is no result to mark")
    _folder(result, said["version"])
    kept = add_mark(result, **said)
    if kept.version == OWN:
        gallery.cases.marked(result.name, kept.useful, kept.by, kept.reason)
    return asdict(kept)


def _states_shape(gallery: Gallery, result: Result) -> tuple[int, ...]:
    """Shape (i, j, k) of what the page was given, axes along R, A and S."""
    states = read_states(result.folder)
    return cut(states, gallery.shown(result.name).box).array.shape


def _save(gallery: Gallery, result: Result, states: NDArray[np.uint8], request: Request) -> dict[str, Any]:
    asked = request.query_params
    try:
        made_from = int(asked.get("from", ""))
    except ValueError as error:
        raise HTTPException(400, "expected ?from= and the number of a version") from error
    _folder(result, made_from)
    box = gallery.shown(result.name).box
    edit = Edit(states, box, made_from, _by(request).get("by", asked.get("by", "")), asked.get("note", ""))
    made = save_version(result, edit, lambda: gallery.source(result.name))
    meanwhile = [_version(one) for one in list_versions(result) if made_from < one.number < made.number]
    return {**_version(made), "meanwhile": meanwhile}
