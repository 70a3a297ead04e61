"""How many cores a process may use, as control groups say it."""

import os

import pytest

from oncontour.data.cores import usable_cores

SEEN = len(os.sched_getaffinity(0))


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A machine of 64 cores, and a function that puts this process into a group."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(64))

    def enter(line, **limits):
        (tmp_path / "own").write_text(line + "\n")
        for place, content in limits.items():
            path = tmp_path / "groups" / place.replace("__", "/").replace("cpu_", "cpu.")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content + "\n")
        return usable_cores(tmp_path / "groups", tmp_path / "own")

    return enter


def test_without_control_groups_all_that_are_seen(tmp_path):
    assert usable_cores(tmp_path, tmp_path / "none") == SEEN


def test_a_container_with_two_cores(system):
    assert system("0::/", cpu_max="200000 100000") == 2


def test_a_share_of_a_core_is_one(system):
    assert system("0::/", cpu_max="50000 100000") == 1


def test_the_tightest_of_the_groups_around_it_counts(system):
    assert system("0::/a/b", cpu_max="max 100000", a__cpu_max="300000 100000", a__b__cpu_max="800000 100000") == 3


def test_no_limit(system):
    assert system("0::/a", a__cpu_max="max 100000") == 64


def test_version_1(system):
    limits = {"cpu,cpuacct__a__cpu_cfs_quota_us": "150000", "cpu,cpuacct__a__cpu_cfs_period_us": "100000"}
    assert system("4:cpu,cpuacct:/a\n3:memory:/b", **limits) == 2


def test_version_1_without_a_limit(system):
    limits = {"cpu__cpu_cfs_quota_us": "-1", "cpu__cpu_cfs_period_us": "100000"}
    assert system("4:cpu:/", **limits) == 64


def test_what_cannot_be_read_limits_nothing(system):
    assert system("0::/", cpu_max="nonsense") == 64
