"""What goes through dcm2niix comes back in the room's own order of axes, or fails with a message."""

import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pydicom
import pytest

from oncontour.core.errors import ImageContentError, IncompleteSeriesError
from oncontour.dicom.find import find_studies
from oncontour.dicom.group import group_series
from oncontour.dicom.header import read_header
from oncontour.dicom.mosaic import read_with_dcm2niix
from oncontour.dicom.pixels import read_series, read_volume

ARRAY = np.random.default_rng(0).integers(0, 900, (8, 9, 6)).astype(np.uint16)


@pytest.fixture
def enhanced_without_positions(factory, tmp_path):
    dataset = factory.enhanced(
        ARRAY.transpose(2, 1, 0), [(0, 0, 3.0 * k) for k in range(6)], SeriesNumber=2, **factory.new_study()
    )
    for frame in dataset.PerFrameFunctionalGroupsSequence[1:]:
        del frame.PlanePositionSequence
    (series,) = group_series([read_header(factory.save(dataset, tmp_path / "odd.dcm"))])
    return series


@pytest.mark.parametrize(
    ("script", "message"),
    [("exit 3", "exit code 3"), ("exit 0", "0 images made by dcm2niix"), (None, "does not run")],
)
def test_failure_is_said(enhanced_without_positions, tmp_path, monkeypatch, script, message):
    module = ModuleType("dcm2niix")
    module.bin = str(tmp_path / "fake")
    if script:
        (tmp_path / "fake").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "fake").chmod(0o755)
    monkeypatch.setitem(sys.modules, "dcm2niix", module)
    with pytest.raises(ImageContentError, match=message):
        read_series(enhanced_without_positions)


def test_absence_is_said(enhanced_without_positions, monkeypatch):
    monkeypatch.setitem(sys.modules, "dcm2niix", None)
    with pytest.raises(ImageContentError, match="pip install dcm2niix"):
        read_series(enhanced_without_positions)


def test_several_volumes_are_refused(enhanced_without_positions):
    first = enhanced_without_positions.frames[0]
    both = (first, replace(first, path=first.path.with_name("other.dcm")))
    with pytest.raises(IncompleteSeriesError, match="2 volumes over time"):
        read_with_dcm2niix(replace(enhanced_without_positions, frames=both))


@pytest.mark.shared
def test_mosaic_tiles_lie_where_the_scanner_put_them(shared_data, tmp_path):
    """A mosaic's position is that of a plane as large as all tiles: the first tile lies half the difference inside."""
    (study,) = find_studies(shared_data / "dicom-volunteer-t1-t2.zip", tmp_path)
    (series,) = (one for one in study.series if one.number == 17)
    volume = read_volume(series)
    dataset = pydicom.dcmread(series.frames[0].path)
    cosines = np.array(dataset.ImageOrientationPatient, dtype=float)
    inside = (256 - 64) / 2 * 3.4375
    lps = np.array(dataset.ImagePositionPatient, dtype=float) + inside * (cosines[:3] + cosines[3:])
    assert volume.array.shape == (64, 64, 12)
    assert np.allclose(volume.grid.to_world((0, 0, 0)), lps * (-1, -1, 1), atol=0.01)
    stored = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    for k in range(12):
        row, column = divmod(k, 4)
        tile = stored[64 * row : 64 * row + 64, 64 * column : 64 * column + 64]
        assert np.allclose(volume.array[:, :, k].T, tile, atol=1e-2)
