"""Planes that must not be stacked together are told apart, by a rule that the label and the notes name."""

import numpy as np
import pytest

from oncontour.dicom.group import group_series
from oncontour.dicom.header import read_header
from oncontour.dicom.identify import weigh
from oncontour.dicom.pixels import read_volume

ZERO = np.zeros((4, 4, 6), np.uint16)


@pytest.fixture
def grouped(factory, tmp_path):
    def make(*stacks):
        planes = [one for stack in stacks for one in stack]
        for one in planes:
            one.SeriesInstanceUID = "1.2.3"
        return group_series([read_header(file) for file in factory.save_series(tmp_path, planes)])

    return make


@pytest.mark.parametrize(
    ("rule", "other"),
    [
        ("echo", {"EchoTime": 12}),
        ("image type", {"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]}),
        ("b-value", {"DiffusionBValue": 1000.0}),
        ("orientation", {"orientation": (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)}),
        ("matrix", {"spacing": (2.0, 2.0, 5.0)}),
        ("time point", {"TemporalPositionIdentifier": 2}),
        ("acquisition", {"AcquisitionNumber": 2}),
        ("inversion", {"InversionTime": 2500}),
        ("flip angle", {"FlipAngle": 4}),
    ],
)
def test_rule_splits_a_series_in_two(grouped, factory, rule, other):
    first = {"TemporalPositionIdentifier": 1, "AcquisitionNumber": 1} if rule in ("time point", "acquisition") else {}
    parts = grouped(factory.series_planes(ZERO, **first), factory.series_planes(ZERO + 1, **(first | other)))
    assert [part.label for part in parts] == [f"series 1 {rule} 1/2", f"series 1 {rule} 2/2"]
    assert all(part.notes == (f"series 1: split in 2 by {rule}",) for part in parts)
    assert {read_volume(part).array.max() for part in parts} == {0, 1}


def test_wandering_echo_time_is_one_echo(grouped, factory):
    planes = factory.series_planes(ZERO)
    for n, one in enumerate(planes):
        one.EchoTime = 99.8 + 0.1 * n
    assert len(grouped(planes)) == 1


def test_slice_packages_are_not_split(grouped, factory):
    planes = factory.series_planes(ZERO)
    for n, one in enumerate(planes):
        one.AcquisitionNumber = 1 + n % 2
    (series,) = grouped(planes)
    assert read_volume(series).array.shape == (4, 4, 6)


def test_one_double_does_not_split_slice_packages(grouped, factory):
    planes = factory.series_planes(ZERO)
    for n, one in enumerate(planes):
        one.AcquisitionNumber = 1 + n % 2
    double = factory.series_planes(ZERO)[1]
    double.AcquisitionNumber = 2
    (series,) = grouped(planes, [double])
    assert read_volume(series).array.shape == (4, 4, 6)


def test_many_time_points_are_one_dynamic_series(grouped, factory):
    stacks = [factory.series_planes(ZERO[..., :3], TemporalPositionIdentifier=n) for n in range(9)]
    (series,) = grouped(*stacks)
    assert series.repeats == 9
    assert weigh(series).kind == "dynamic series"


def test_copies_of_the_same_files_are_left_out(factory, tmp_path):
    planes = factory.series_planes(ZERO)
    files = [*factory.save_series(tmp_path / "a", planes), *factory.save_series(tmp_path / "b", planes)]
    (series,) = group_series([read_header(file) for file in files])
    assert len(series.frames) == 6
    assert series.notes == ("series 1: 6 copies of the same files left out",)


def test_equal_series_numbers_get_letters(factory, tmp_path):
    files = [
        file
        for n in range(2)
        for file in factory.save_series(tmp_path / str(n), factory.series_planes(ZERO))
    ]  # fmt: skip
    assert [one.label for one in group_series([read_header(file) for file in files])] == ["series 1a", "series 1b"]


def test_series_without_number(factory, tmp_path):
    planes = factory.series_planes(ZERO, SeriesNumber=None)
    (series,) = group_series([read_header(file) for file in factory.save_series(tmp_path, planes)])
    assert series.label == "series without number 1"


def test_order_of_files_does_not_matter(factory, tmp_path):
    array = np.random.default_rng(3).integers(0, 9, (4, 4, 6)).astype(np.uint16)
    headers = [read_header(file) for file in factory.save_series(tmp_path, factory.series_planes(array))]
    for order in (headers, headers[::-1]):
        (series,) = group_series(order)
        assert np.array_equal(read_volume(series).array, array)
