"""A case with a lesion on the patient's left, and the page that shows it in Chromium."""

from __future__ import annotations

import json

import numpy as np
import pytest

from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.review.page.app import review_app
from oncontour.review.results.cases import FolderCases
from oncontour.review.results.gallery import Gallery
from oncontour.web.serve import serving

from .doors import by_link

SHAPE = (60, 70, 50)
AFFINE = np.array([[-2.0, 0, 0, 59], [0, -2.0, 0, 69], [0, 0, 2.0, -49], [0, 0, 0, 1]])  # LPS, as DICOM has it.
LESION = (50, 30, 25)
"""Voxel of its middle: x = -41 mm, which in a NIfTI file is towards the patient's left."""

FIRST_DRAWING_MS = 60_000
"""Shaders are compiled in software, beside other tests."""


@pytest.fixture
def results(tmp_path):
    """A grey head with a lesion on the patient's left."""
    places = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"))
    head = np.sqrt((((places.T - np.array(SHAPE) / 2) / (np.array(SHAPE) * 0.45)) ** 2).sum(-1).T) < 1
    lesion = np.abs(places.T - LESION).max(-1).T < 5
    noise = np.random.default_rng(0).normal(0, 5, SHAPE)
    study, result = tmp_path / "studies" / "case-1", tmp_path / "results" / "case-1"
    study.mkdir(parents=True)
    result.mkdir(parents=True)
    write_nifti(Volume(np.where(head, 300 + noise, 0).astype(np.float32), AFFINE), study / "t1ce.nii.gz")
    regions = np.stack([lesion, lesion, lesion & (places[2] > LESION[2])])
    write_nifti(Volume(regions, AFFINE), result / "regions.nii.gz", "bool")
    volumes = {"WT": 5.8, "TC": 5.8, "ET": 2.6}
    measured = [{"name": name, "title": name, "volume_ml": volume} for name, volume in volumes.items()]
    content = {"case": "case-1", "reference": "T1CE", "scheme": "brats", "regions": measured}
    (result / "measurements.json").write_text(json.dumps(content))
    (result / "quality.json").write_text(json.dumps({"verdict": "ok", "checks": [], "notes": [], "missing": []}))
    (result / "transforms.json").write_text(json.dumps({"transforms": {"T1CE": np.eye(4).tolist()}}))
    return tmp_path


@pytest.fixture
def page(results, chromium, tmp_path_factory):
    """The page with the case drawn, and every address that the browser asked."""
    gallery = Gallery(FolderCases(results / "results", [results / "studies"], tmp_path_factory.mktemp("unpacked")))
    with serving(review_app(gallery, by_link()), "127.0.0.1", 0, "review") as port:
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.asked = []
        page.failures = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.failures.append(str(error)))
        page.origin = f"http://127.0.0.1:{port}/"
        page.goto(f"{page.origin}?token=secret")
        page.wait_for_selector('body[data-drawn^="case-1"]', timeout=FIRST_DRAWING_MS)
        yield page
        assert page.failures == []
        context.close()
