"""New names follow from the key alone."""

import stat
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID

from oncontour.core.errors import InputError, OutputError
from oncontour.dicom.deidentify.key import LONGEST_SHIFT_DAYS, Key, load_or_make_key
from oncontour.dicom.deidentify.profile import load_profile
from oncontour.dicom.deidentify.values import Patient, age, shifted, uid

ONE, OTHER = Key(b"1" * 32), Key(b"2" * 32)


def test_a_key_is_made_for_its_owner_alone_and_read_again(tmp_path):
    made = load_or_make_key(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert load_or_make_key(tmp_path / "key") == made != load_or_make_key(tmp_path / "other")
    assert made.secret.hex() not in repr(made)


@pytest.mark.parametrize("content", ["", "no key", "ab" * 16, "ä"])
def test_a_file_that_holds_no_key_is_refused(tmp_path, content):
    (tmp_path / "key").write_text(content)
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(InputError, match="64 hexadecimal digits"):
        load_or_make_key(tmp_path / "key")


def test_a_key_that_others_may_read_is_refused(tmp_path):
    load_or_make_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(InputError, match="chmod 600"):
        load_or_make_key(tmp_path / "key")


def test_a_key_that_cannot_be_made_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="No such file"):
        load_or_make_key(tmp_path / "absent" / "key")


@given(st.text(), st.text())
def test_new_names_are_valid_and_as_unlike_as_the_old_ones(one, other):
    new = UID(ONE.uid(one))
    assert new.is_valid
    assert new.startswith("2.25.")
    assert (ONE.uid(one) == ONE.uid(other)) == (one == other)
    assert (ONE.pseudonym(one) == ONE.pseudonym(other)) == (one == other)
    assert ONE.uid(one) != OTHER.uid(one)
    assert ONE.pseudonym(one) != OTHER.pseudonym(one)
    assert 1 <= ONE.shift_days(one) <= LONGEST_SHIFT_DAYS


@given(
    st.dates(date(1910, 1, 1), date(2100, 1, 1)),
    st.integers(0, 4000),
    st.integers(1, LONGEST_SHIFT_DAYS),
)
def test_intervals_between_dates_stay(first, days, shift):
    patient = Patient(ONE, shift)
    texts = [f"{day:%Y%m%d}" for day in (first, first + timedelta(days=days))]
    one, other = (datetime.strptime(shifted(text, patient), "%Y%m%d") for text in texts)
    assert (other - one).days == days
    assert shifted(texts[0] + "101530.25+0100", patient) == f"{one:%Y%m%d}101530.25"


@pytest.mark.parametrize("text", ["", "2024", "20241301", "00010101", "Secret", "2024-05-01", "20240501Secret"])
def test_what_is_no_date_is_emptied(text):
    assert shifted(text, Patient(ONE, 400)) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [("063Y", "063Y"), ("089Y", "089Y"), ("090Y", "090Y"), ("104Y", "090Y"), ("003M", "003M"), ("12", "")],
)
def test_the_oldest_share_one_age(old, new):
    assert age(old, Patient(ONE, 1)) == new


def test_uids_of_the_standard_stay():
    assert uid("1.2.840.10008.5.1.4.1.1.4", Patient(ONE, 1)) == "1.2.840.10008.5.1.4.1.1.4"
    assert uid("1.2.840.10008.9.9.9.9", Patient(ONE, 1)).startswith("2.25.")


def test_the_profile_names_elements_that_dicom_knows_once():
    profile = load_profile()
    assert len(profile.actions) > 300
    assert all(word == word.strip() and "\\" not in word for word in profile.vocabulary)
