"""A child is found by whatever people know of it, within scope, and no term is kept."""

from datetime import date

import pytest
from sqlmodel import col, select

from cdop.deaths import search
from cdop.deaths.commands import Correction
from cdop.deaths.models import Death
from cdop.deaths.service import correct_identity, notify
from cdop.errors import Denied, Unsafe
from cdop.reference import nhs_numbers
from cdop.security.actor import system
from cdop.security.models import AuditEntry
from tests.factories import Herefordshire, child, told

SYSTEM = system("tests")
NUMBER = nhs_numbers.invented(1)
PEOPLE = (
    ("Robin", "Exampleby", date(2014, 5, 3), date(2026, 11, 2)),
    ("Stephen", "O'Testwell", date(2019, 12, 24), date(2026, 10, 1)),
    ("Zoë Maria", "Inventson-Madeup", date(2026, 1, 9), date(2026, 11, 10)),
    ("Katherine", "Fictley", date(2011, 7, 30), date(2026, 9, 9)),
)


@pytest.fixture
def people(county: Herefordshire) -> Herefordshire:
    """Four invented children at Herefordshire's panel, and a namesake at the neighbour's."""
    panel = county["herefordshire-cdop"]
    for seed, (given, family, born, died) in enumerate(PEOPLE, 1):
        one = child(seed, given=given, family=family, born_on=born, died_on=died)
        one.identity.postcode = f"ZZ{seed} 1AA"
        county.register.do(county.actors["coordinator"], notify, told(panel, one))
    namesake = child(9, given="Robin", family="Exampleby", born_on=date(2014, 5, 3))
    county.register.do(
        county.actors["neighbour"], notify, told(county["worcestershire-cdop"], namesake)
    )
    return county


def find(county: Herefordshire, typed: str, who: str = "coordinator") -> search.Answer:
    return search.find(county.register, county.actors[who], typed)


KNOWN = [
    (f"{NUMBER[:3]} {NUMBER[3:6]} {NUMBER[6:]}", "Robin Exampleby", "same NHS number"),
    (NUMBER, "Robin Exampleby", "same NHS number"),
    ("exampleby", "Robin Exampleby", "same name"),
    ("exampleby robin", "Robin Exampleby", "same name"),
    ("exam", "Robin Exampleby", "part of the name"),
    ("Exampleky", "Robin Exampleby", "name spelt alike"),
    ("Catherine", "Katherine Fictley", "name sounds alike"),
    ("steven", "Stephen O'Testwell", "name sounds alike"),
    ("otestwell", "Stephen O'Testwell", "same name"),
    ("zoe", "Zoë Maria Inventson-Madeup", "same name"),
    ("Madeup", "Zoë Maria Inventson-Madeup", "same name"),
    ("Inventson Madeup", "Zoë Maria Inventson-Madeup", "same name"),
    ("Madeup-Other", "Zoë Maria Inventson-Madeup", "part of the name"),
    ("3/5/2014", "Robin Exampleby", "same birth date"),
    ("3 May 2014", "Robin Exampleby", "same birth date"),
    ("2026-10-01", "Stephen O'Testwell", "same date of death"),
    ("5.3.2014", "Robin Exampleby", "birth date one slip of typing away"),
    ("zz31aa", "Zoë Maria Inventson-Madeup", "same postcode"),
    ("CD-2026-0004", "Katherine Fictley", "same reference"),
    ("cd 2026 4", "Katherine Fictley", "same reference"),
]


def test_whatever_is_known_finds_the_child_first_and_says_why(people):
    for typed, name, reason in KNOWN:
        found = find(people, typed).found
        assert found, typed
        assert found[0].name == name, typed
        assert reason in found[0].reasons, typed


def test_a_name_and_a_date_together_come_before_either_alone(people):
    found = find(people, "catherine 30/7/2011").found
    assert found[0].reasons == ("name sounds alike", "same birth date")
    assert find(people, "exampleby 4/5/2014").found[0].reasons == (
        "same name",
        "birth date one slip of typing away",
    )


def test_what_nobody_is_finds_nobody(people):
    for typed in ("unheard-of", "1/1/1999", nhs_numbers.invented(77), "ZZ9 9ZZ", "--", "?"):
        answer = find(people, typed)
        assert (answer.found, answer.total) == ((), 0), typed


def test_what_cannot_be_is_said(people):
    assert "not a valid NHS number" in find(people, "943 476 5918").fault
    assert "no such date" in find(people, "31/2/2014").fault


def test_a_name_by_which_the_child_was_known_finds_it(people):
    with people.register.reading(SYSTEM) as work:
        death = work.session.exec(select(Death).order_by(col(Death.reference))).first()
    known = child(1, given="Robin", family="Exampleby", born_on=PEOPLE[0][2], died_on=PEOPLE[0][3])
    known.names.also_known_as = "Formername"
    people.register.do(
        people.actors["coordinator"],
        correct_identity,
        death.id,
        Correction(known, death.sealed_revision, "A former name came to light"),
    )
    assert find(people, "formername").found[0].id == death.id
    assert find(people, "robin formername").found[0].id == death.id


def test_nobody_finds_another_panels_children(people):
    ours, theirs = find(people, "exampleby"), find(people, "exampleby", "neighbour")
    assert len(ours.found) == len(theirs.found) == 1
    assert ours.found[0].id != theirs.found[0].id
    for typed in ("3/5/2014", NUMBER, "exampleby robin"):
        ids = {each.id for each in find(people, typed, "neighbour").found}
        assert ours.found[0].id not in ids


def test_only_those_who_may_read_identity_search(people):
    for who in ("notifier", "panel-member", "panel-chair", "analyst", "auditor"):
        with pytest.raises(Denied):
            find(people, "exampleby", who)


def lines(county: Herefordshire) -> list[AuditEntry]:
    with county.register.reading(SYSTEM) as work:
        query = select(AuditEntry).where(col(AuditEntry.action).startswith("deaths:identity:"))
        return list(work.session.exec(query.order_by(col(AuditEntry.id))))


def test_a_search_is_audited_without_its_term_and_with_every_case_it_opened(people):
    answer = find(people, "exampleby 3/5/2014")
    find(people, "3 may 2014 EXAMPLEBY")
    find(people, "unheard-of")
    told_of = lines(people)
    searches = [line for line in told_of if line.action == search.SEARCH]
    assert [line.detail["shown"] for line in searches] == [1, 1, 0]
    assert searches[0].detail["kinds"] == ["date", "name"]
    assert searches[0].detail["term"] == searches[1].detail["term"] != searches[2].detail["term"]
    opened = [line for line in told_of if line.action == "deaths:identity:read"]
    assert {line.subject_id for line in opened} == {answer.found[0].id}
    assert {line.detail["why"] for line in opened} == {"search"}
    written = " ".join(str(line.detail) for line in told_of).casefold()
    assert not any(part in written for part in ("exampleby", "robin", "2014", "unheard"))


def test_nothing_is_shown_when_it_cannot_be_audited(people, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the log is full")

    monkeypatch.setattr("cdop.security.audit.write", broken)
    with pytest.raises(RuntimeError):
        find(people, "exampleby")


def test_a_name_that_was_tampered_with_stops_the_search_and_is_not_passed_over(people):
    with people.register.work(SYSTEM) as work:
        one, other = work.session.exec(select(Death).order_by(col(Death.reference)).limit(2))
        one.names, other.names = other.names, one.names
    with pytest.raises(Unsafe) as caught:
        find(people, "fictley")
    assert "Exampleby" not in str(caught.value)
