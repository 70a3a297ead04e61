"""A follow-up from masks to what each scan shows."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.evaluate.follow.run import follow
from oncontour.evaluate.follow.tables import document, rows
from oncontour.measure import bidimensional, volume_ml

from .conftest import AFFINE, DAYS, RADII_MM, ball, write_case


def test_sizes_are_those_of_the_masks_and_judged_by_both_rules(cases):
    seen = []
    found = follow(cases, days=DAYS, progress=lambda done, total: seen.append((done, total)))
    assert (found.scheme.name, found.region.name, found.criteria.name) == ("brats", "ET", "RANO")
    masks = [ball(radius) == 3 for radius in RADII_MM]
    volume, area = found.responses["volume"], found.responses["area"]
    assert [one.size for one in volume] == pytest.approx([volume_ml(mask, AFFINE) for mask in masks])
    assert [one.size for one in area] == pytest.approx([bidimensional(mask, AFFINE).product_mm2 for mask in masks])
    assert [one.category for one in volume] == [None, "PR", "PR", "PD"]
    assert [one.category for one in area] == [None, "PR", "PR", "PD"]
    assert [one.confirmed for one in area] == [None, True, True, None]
    assert volume[3].over_nadir.beyond_error is True
    assert seen == [(n, 4) for n in range(5)]


def test_a_table_in_any_order_with_its_inputs(table):
    found = follow([table])
    assert [one.day for one in found.responses["area"]] == [0, 40, 80, 120]
    assert [one.category for one in found.responses["area"]] == [None, "PR", "PR", "PD"]
    assert found.responses["area"][3].unknown == ("new lesions",)
    assert "Clinical worsening was reported" in found.responses["area"][3].words


def test_the_marked_baseline_is_the_one(cases):
    path = cases[0].parent / "marked.csv"
    path.write_text("day,mask,baseline\n0,case-0,\n40,case-1,yes\n120,case-3,no\n")
    assert [one.role for one in follow([path]).responses["volume"]] == ["before", "baseline", "follow-up"]


@pytest.mark.parametrize(
    ("criteria", "scheme", "region"),
    [("RANO", "brats", "ET"), ("RAPNO", "brats", "ET"), ("RANO-LGG", "brats", "WT"), ("RANO", "whole", "WT")],
)
def test_what_is_followed_by_default(tmp_path, criteria, scheme, region):
    path = tmp_path / "mask.nii.gz"
    write_nifti(Volume((ball(10.0) > 0).astype(np.uint8), AFFINE), path, "uint8")
    found = follow([path], days=[0], criteria=criteria, scheme=scheme)
    assert found.region.name == region
    assert any("no region that enhances" in note for note in found.notes) == (scheme == "whole")


def test_cysts_and_cavities_are_left_out_of_sizes(tmp_path):
    labels = np.where(ball(12.0) == 3, 2, 0).astype(np.uint8)
    labels[8:16, 12:16, 5:9] = 3  # a cyst of 128 voxels
    path = tmp_path / "mask.nii.gz"
    write_nifti(Volume(labels, AFFINE), path, "uint8")
    found = follow([path], days=[0], criteria="RAPNO-LGG", scheme="paediatric")
    size = found.scans[0].regions["WT"]
    assert size.volume_ml - size.solid_ml == pytest.approx(128 * 12 / 1000)
    assert found.responses["volume"][0].size == size.solid_ml
    assert any("leave out cysts and resection cavities (CC)" in note for note in found.notes)
    cyst = follow([path], days=[0], scheme="paediatric", region="CC").scans[0].regions["CC"]
    assert (cyst.volume_ml, cyst.solid_ml, cyst.lesions) == (pytest.approx(1.536), 0, ())


def test_an_interval_of_a_mask_that_was_edited_does_not_hold(cases):
    write_nifti(Volume(ball(11.0), AFFINE), cases[1] / "segmentation.nii.gz", "uint8")
    found = follow(cases, days=DAYS)
    assert found.scans[1].regions["ET"].interval is None
    assert found.scans[0].regions["ET"].interval is not None
    assert any("Masks changed since they were measured" in note and "scan 2" in note for note in found.notes)
    assert any(note.startswith("Some scans have no interval") for note in found.notes)


def test_other_voxels_and_models_are_told(cases, tmp_path):
    write_case(tmp_path / "other", ball(9.0), model="two")
    thick = np.diag([2.0, 2.0, 6.0, 1.0])
    write_nifti(Volume(ball(9.0), thick), tmp_path / "other" / "segmentation.nii.gz", "uint8")
    notes = follow([cases[0], tmp_path / "other"], days=[0, 40]).notes
    assert any("2 models" in note for note in notes)
    assert any("2 x 2 x 3; 2 x 2 x 6 mm" in note for note in notes)


def test_only_so_many_lesions_as_the_criteria_say_are_summed(tmp_path):
    labels = np.zeros((80, 80, 6), np.uint8)
    for n in range(4):
        labels[2 + 18 * n : 14 + 18 * n, 3:15, 1:4] = 3
    path = tmp_path / "mask.nii.gz"
    write_nifti(Volume(labels, np.eye(4)), path, "uint8")
    adult, child = (follow([path], days=[0], criteria=name) for name in ("RANO", "RAPNO"))
    one = adult.scans[0].regions["ET"].lesions[0].product_mm2
    assert adult.responses["area"][0].size == pytest.approx(4 * one)
    assert child.responses["area"][0].size == pytest.approx(3 * one)
    assert any("RAPNO sums the 3 largest" in note for note in child.notes)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"days": (0, 40, 40, 80)}, "two scans of one day"),
        ({"scheme": "nonsense"}, "'nonsense'; expected one of brats"),
        ({"scheme": "paediatric"}, "masks of different schemes"),
        ({"criteria": "WHO"}, "'WHO'; expected one of RANO"),
        ({"region": "XX"}, "region 'XX'"),
    ],
)
def test_bad_wishes_are_refused(cases, more, message):
    with pytest.raises(InputError, match=message):
        follow(cases, **({"days": DAYS} | more))


def test_bad_masks_are_refused(cases, tmp_path):
    write_case(tmp_path / "child", ball(9.0), scheme="paediatric")
    with pytest.raises(InputError, match=r"different schemes \(scan 1 brats, scan 2 paediatric\)"):
        follow([cases[0], tmp_path / "child"], days=[0, 40])
    write_case(tmp_path / "odd", 7 * ball(9.0))
    with pytest.raises(InputError, match=r"labels \[0, 14, 21\]"):
        follow([cases[0], tmp_path / "odd"], days=[0, 40])
    (tmp_path / "broken.nii.gz").write_bytes(b"no image")
    with pytest.raises(InputError, match="broken"):
        follow([tmp_path / "broken.nii.gz"], days=[0])
    for content, message in (
        ("another", "schema 'another'"),
        ("oncontour/measurements/1", r"cannot be used \(KeyError"),
    ):
        (cases[0] / "measurements.json").write_text(json.dumps({"schema": content}))
        with pytest.raises(InputError, match=message):
            follow(cases[:1], days=[0])


def test_measurements_are_those_of_a_case_not_of_any_mask_beside_them(cases):
    other = cases[0] / "expert.nii.gz"
    (cases[0] / "segmentation.nii.gz").rename(other)
    (scan,) = follow([other], days=[0]).scans
    assert (scan.model, scan.edited, scan.regions["ET"].interval) == (None, False, None)


def test_rows_hold_every_region_and_measure(table):
    found = rows(follow([table]))
    assert len(found) == 4 * 3 * 5
    assert {tuple(row) for row in found} == {tuple(found[0])}
    judged = [row for row in found if row["response"]]
    assert {(row["region"], row["measure"]) for row in judged} == {
        ("ET", "sum_of_products_mm2"),
        ("ET", "solid_volume_ml"),
    }
    first = next(row for row in found if (row["region"], row["measure"]) == ("ET", "volume_ml"))
    assert first["low"] == pytest.approx(0.9 * first["value"], rel=1e-3)
    assert first["high"] == pytest.approx(1.15 * first["value"], rel=1e-3)


def test_dates_are_told_only_where_they_are_asked_for(table):
    found = follow([table])
    told = json.dumps([rows(found), document(found, "1", "research")])
    assert "2024" not in told.replace(found.scans[0].sha256, "")
    assert "date" not in rows(found)[0]
    shown = rows(found, show_dates=True)
    assert [row["date"] for row in shown][:: len(shown) // 4] == [
        "2024-01-02",
        "2024-02-11",
        "2024-03-22",
        "2024-05-01",
    ]
    assert document(found, "1", "research", show_dates=True)["scans"][1]["date"] == "2024-02-11"


def test_the_document_says_all_with_its_sources(table):
    written = json.dumps(document(follow([table]), "1.2", "research use"), allow_nan=False)
    content = json.loads(written)
    scan = content["scans"][1]
    assert scan["inputs"] == {"new_lesion": False, "steroids": "stable", "clinical": "stable"}
    assert scan["assessments"]["area"]["category_words"] == "partial response"
    assert scan["assessments"]["volume"]["from_baseline"]["interval"]["low"] < -0.6
    assert content["thresholds"]["volume"]["partial"] == -0.65
    assert scan["regions"][2]["lesions"][0]["measurable"] is True
    assert "case-" not in written


def test_intervals_are_those_of_the_solid_part_only_where_nothing_is_left_out(cases):
    size = follow(cases[:1], days=[0]).scans[0].regions["ET"]
    assert size.solid_interval == size.interval
    assert replace(size, solid_ml=size.volume_ml / 2).solid_interval is None
