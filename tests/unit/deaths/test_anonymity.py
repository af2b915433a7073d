"""A summary that gives the child away is found out; one that only tells the story is not."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdop.deaths.anonymity import tells_identity
from cdop.deaths.documents import Identity, Names

NAMES = Names(given="Zoë-Jo Li", family="O'Testchild", also_known_as="Bo Pretend")
IDENTITY = Identity(
    nhs_number="9990000018",
    born_on=date(2026, 3, 1),
    died_on=date(2026, 11, 10),
    postcode="ZZ1 1AA",
)


def tells(text: str) -> bool:
    return tells_identity(text, NAMES, IDENTITY)


@pytest.mark.parametrize(
    "words",
    [
        *(
            "Zoë",
            "ZOE",
            "zoe's",
            "TESTCHILD",
            "a Testchild",
            "Testchild-Smith",
            "pretend",
        ),
        *("and Jo was", "with Li's cot", "called Bo"),
        *("9990000018", "999 000 0018", "999-000-0018", "999.000.0018", "no.9990000018"),
        *("ZZ1 1AA", "zz11aa", "ZZ1-1AA", "ZZ 1 1AA"),
        *("1 March", "1st March 2026", "1st of March", "01 March", "March 1", "March the 1st"),
        *("1 Mar 26", "1/3/2026", "01/03/26", "1.3.2026", "01-03-2026", "1 - 3 - 2026", "3/1/2026"),
        *("2026-03-01", "2026/3/1", "20260301", "01032026", "26-03-01", "March 1, 2026", "1March"),
        *("10/11/2026", "10 November", "10th Nov", "November 10th", "２０２６-11-10"),
    ],
)
def test_a_piece_of_identity_is_found_however_it_is_written(words: str) -> None:
    assert tells(f"An account: {words}.")


@pytest.mark.parametrize(
    "text",
    [
        "An infant of eight months was found unresponsive in an adult bed.",
        "Lying prone. Do not smoke near a cot. So the lie of the land. Boat, lift, job, joy.",
        "Seen on 2 March and 11 March; weighed 1.3 kg; 1 in 3; 10:11; bed 26; march 31.",
        "Call 999; grade 3/1; the score was 10/11; in 2026 and in March; 20 November 2026.",
        "",
    ],
)
def test_a_story_without_identity_passes(text: str) -> None:
    assert not tells(text)


def test_nothing_known_about_a_child_means_nothing_can_be_told() -> None:
    assert not tells_identity("Any text of 1 March 2026", Names(answer="not-known"), Identity())


DAYS = st.dates(date(2006, 4, 1), date(2030, 12, 31))
FORMS = ["%d/%m/%Y", "%d.%m.%y", "%Y-%m-%d", "%d %B %Y", "%d %b", "%B %d, %Y", "%Y%m%d", "%d-%m-%Y"]


@given(DAYS, st.sampled_from(FORMS))
def test_every_day_is_found_in_every_form(day: date, form: str) -> None:
    identity = Identity(born_on=day)
    assert tells_identity(f"Born {day.strftime(form)}, well.", Names(), identity)


@given(DAYS, st.integers(1, 400), st.sampled_from(["%d/%m/%Y", "%Y-%m-%d", "%d %B %Y", "%Y%m%d"]))
def test_another_day_is_not_taken_for_it(day: date, later: int, form: str) -> None:
    other = day + timedelta(days=later)
    swapped = (other.day, other.month, other.year) == (day.month, day.day, day.year)
    same_in_another_year = (other.day, other.month) == (day.day, day.month)
    if swapped or same_in_another_year or form == "%Y%m%d":
        return
    assert not tells_identity(f"Seen {other.strftime(form)}.", Names(), Identity(born_on=day))
