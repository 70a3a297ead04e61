import dataclasses

from oncontour.core.sequence import Sequence
from oncontour.inference.calibration import Misses
from oncontour.measure.certainty import Certainty
from oncontour.measure.interval import Interval
from oncontour.report import page


def test_regions_show_measured_values(case):
    whole, core, _ = page.region_rows(case)
    assert (whole.name, whole.share, whole.components, whole.side) == ("WT", "100 %", "1", "right")
    assert float(whole.volume) > float(core.volume)
    assert whole.centre.count(",") == 2


def test_certainty_is_shown_where_there_is_one(case):
    assert not page.is_calibrated(case)
    assert {row.interval for row in page.region_rows(case)} == {"–"}
    whole = Certainty(Interval(9.71, 14.23), 0.8512, 0.047, Misses(present=20))
    known = (whole, Certainty(None, None, None, Misses()), None)
    measured = [dataclasses.replace(one, certainty=sure) for one, sure in zip(case.measurements, known, strict=True)]
    sure = dataclasses.replace(case, measurements=tuple(measured))
    assert page.is_calibrated(sure)
    rows = [(row.interval, row.dice) for row in page.region_rows(sure)]
    assert rows == [("9.71 to 14.2", "0.85 ± 0.05"), ("–", "–"), ("–", "–")]


def test_sequences_say_where_from_and_what_is_missing(case):
    rows = {row.name: row for row in page.sequence_rows(case)}
    assert list(rows) == ["T1", "T1CE", "T2", "FLAIR"]
    assert rows["T1CE"].reference
    assert rows["T1CE"].source == "series 3"
    assert rows["T1CE"].text.endswith("(97 %)")
    assert rows["T2"].missing
    assert rows["T2"].text.startswith("Cysts, necrosis")
    assert page.unused_text(case) == "1 other series was looked at and not used."


def test_a_used_adc_is_listed(case):
    images = {**case.images, Sequence.ADC: case.images[Sequence.FLAIR]}
    assert page.sequence_rows(dataclasses.replace(case, images=images))[-1].name == "ADC"


def test_failed_checks_stand_first_and_every_verdict_has_a_word(case):
    rows = page.check_rows(case.checks)
    assert [row.word for row in rows] == ["Fail", "Warning", "Warning", "OK"]
    assert rows[1].value == "5.5 mm (at most 4 mm)"
    assert rows[2].value == page.NOTHING  # not a number
    assert page.checks_text(case.checks) == "1 failed, 2 warnings, 1 OK"


def test_large_numbers_are_not_written_as_powers(case):
    check = dataclasses.replace(case.checks[0], value=1420.4, unit="mL", limit="")
    assert page.value_text(check) == "1420 mL"
