"""Whole studies through the real pipeline: sent by dcmtk from several associations, read back from a real Orthanc."""

import os
import shutil
import subprocess
import sys
from io import BytesIO

import nibabel
import numpy as np
import pytest
from pydicom import dcmread

from oncontour.core.volume import Volume
from oncontour.dicom.header import looks_like_dicom
from oncontour.dicom.unpack import list_files
from oncontour.node.configuration.load import load_settings
from oncontour.node.ledger.case import State
from oncontour.node.ledger.deliveries import list_deliveries
from oncontour.node.shown import NodeCases
from oncontour.review.results.gallery import Gallery

from ..dicom.objects import errors
from ..dicom.readers import assert_same_voxels, by_dcmqi, by_highdicom
from .nodes import Node, ended, wait_for

OBJECTS = {"seg.dcm": "Segmentation", "sr.dcm": "Comprehensive3DSR", "report.dcm": "EncapsulatedPDF"}
"""Of each result, and what dciodvfy calls them."""


@pytest.fixture
def phantom(tmp_path):
    """A head with a tumour, T1CE and FLAIR."""
    folder = tmp_path / "phantom"
    made = ["phantom", folder, "--cases", "1", "--skull", "--dicom", "--spacing", "4", "--seed", "6"]
    made += ["--without", "T1", "--without", "T2"]
    subprocess.run([sys.executable, "-m", "oncontour", *made], check=True, capture_output=True)
    return sorted(folder.rglob("*.dcm"))


@pytest.fixture
def volunteer(shared, tmp_path):
    """A healthy head as a Siemens scanner wrote it: T1 and T2, with a slice missing in each."""
    files = list_files(shared / "dicom-volunteer-t1-t2.zip", tmp_path / "volunteer")
    return [file for file in files if looks_like_dicom(file)]


@pytest.mark.slow
def test_a_head_with_a_tumour(tmp_path, orthanc, nodes, phantom):
    node, case = through(phantom, tmp_path, orthanc, nodes)
    assert case.result["volumes_ml"]["WT"] > 1
    assert_there(node, case, tmp_path, orthanc)
    look_at_it(node, case, tmp_path)


@pytest.mark.slow
@pytest.mark.shared
def test_a_healthy_head(tmp_path, orthanc, nodes, volunteer):
    node, case = through(volunteer, tmp_path, orthanc, nodes)
    assert case.result["volumes_ml"]["WT"] == 0
    assert_there(node, case, tmp_path, orthanc)


def through(files, folder, orthanc, nodes):
    """Send a study to a node; the node, and the case at its end."""
    if not shutil.which("storescu"):
        pytest.skip("dcmtk is not here: nothing is sent by it")
    node = Node(folder, "node-1", orthanc, takes_s=None)
    nodes.append(node)
    command = ["storescu", "-aet", "MR1", "-aec", "ONCONTOUR", "127.0.0.1", str(node.port)]
    senders = [subprocess.Popen([*command, *files[n::4]], env={**os.environ, "TCP_NODELAY": "1"}) for n in range(4)]
    assert [sender.wait(120) for sender in senders] == [0] * 4
    (case,) = wait_for(lambda: ended(node.base, 1), "end of the case", 400)
    assert (case.state, case.reason) == (State.DELIVERED, None)
    return node, case


def assert_there(node, case, folder, orthanc):
    """What Orthanc has is what the pipeline wrote; the SEG is valid, and shows other programs the masks' voxels."""
    place, got = folder / "place" / "results" / case.result["folder"] / case.case, folder / "got"
    got.mkdir()
    for delivery in list_deliveries(node.base, case.case):
        (there,) = orthanc.post("/tools/lookup", delivery.instance.encode())
        content = orthanc.get(there["Path"] + "/file")
        assert dcmread(BytesIO(content)) == dcmread(place / delivery.file)
        if delivery.file in OBJECTS:
            (got / delivery.file).write_bytes(content)
    masks = nibabel.load(place / "regions.nii.gz")
    regions = Volume(np.moveaxis(np.asarray(masks.dataobj) > 0, -1, 0), masks.affine)
    for n in range(len(regions.array)):
        assert_same_voxels(by_highdicom(got / "seg.dcm", n + 1), regions, n, tolerance_mm=1e-2)
    for name, iod in OBJECTS.items():
        assert errors(got / name, iod) == []
    for n, positions in enumerate(by_dcmqi(got / "seg.dcm", folder / "dcmqi")):
        assert_same_voxels(positions, regions, n, tolerance_mm=1e-2)


def look_at_it(node, case, folder):
    """The review page has the case, its images and the small picture of it."""
    (folder / "temporary").mkdir()
    gallery = Gallery(NodeCases(load_settings(node.file), node.base, folder / "temporary", days=1))
    assert gallery.results[case.case].error is None
    assert "T1CE" in gallery.shown(case.case).images
    assert gallery.thumbnail(case.case).startswith(b"\x89PNG")
