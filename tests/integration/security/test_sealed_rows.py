"""Whoever changes the database itself cannot pass one sealed value off as another."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from cdop.deaths import queries
from cdop.deaths.documents import (
    IDENTITY,
    NAMES,
    NOTIFIED_IDENTITY,
    NOTIFIED_NAMES,
    SUMMARY,
    Names,
    Summary,
)
from cdop.deaths.models import Death, Notification
from cdop.deaths.service import notify, write_summary
from cdop.errors import Unsafe
from cdop.security import walls
from cdop.security.actor import system
from cdop.security.models import AuditEntry, DataKey
from cdop.security.sealing import Sealed
from cdop.security.sections import Section
from cdop.security.vault import Vault
from cdop.security.work import Register, Work
from tests.factories import Herefordshire, child, told

SYSTEM = system("tests")
PAST = "An invented summary that was taken back."


@pytest.fixture
def two(county: Herefordshire) -> list[Any]:
    """The ids of two cases of one panel."""
    panel, coordinator = county["herefordshire-cdop"], county.actors["coordinator"]
    return [
        county.register.do(coordinator, notify, told(panel, child(n, given=f"Example{n}"))).death_id
        for n in (1, 2)
    ]


def change(register: Register, statement: str, **values: Any) -> None:
    """Change the database behind the register's back."""
    types = {n: v for n, v in values.items() if not isinstance(v, bytes)}
    with register.engine.execution_options(writes=True).begin() as connection:
        walls.go_everywhere(connection)
        binary = {n: v for n, v in values.items() if n not in types}
        plain = {
            n: str(v) if register.settings.is_sqlite and not isinstance(v, int) else v
            for n, v in types.items()
        }
        connection.execute(sa.text(statement), plain | binary)


def rows(register: Register, table: type[Sealed]) -> list[Any]:
    with register.reading(SYSTEM) as work:
        return list(work.session.exec(select(table).order_by(col(table.id))))


def opened(register: Register, row: Sealed, section: Section[Any]) -> Any:
    """Open a section as after a restart: no key is remembered."""
    register.vault = Vault(register.vault.ring)
    with register.work(SYSTEM) as work:
        return work.open(work.session.get_one(type(row), row.id), section)


def refused(register: Register, row: Sealed, section: Section[Any]) -> None:
    with pytest.raises(Unsafe) as caught:
        opened(register, row, section)
    sentence = str(caught.value)
    assert f"{section.table}.{section.column}, row {row.id}" in sentence
    rest = sentence.replace(str(row.id), "")
    assert not any(word in rest for word in ("Example", "Testchild", "999", "ZZ1", "Invented"))


def test_values_swapped_between_two_rows_do_not_open(county: Herefordshire, two: list[Any]) -> None:
    one, other = rows(county.register, Death)
    for row, value in ((one, other.names), (other, one.names)):
        change(county.register, "UPDATE deaths SET names = :v WHERE id = :id", v=value, id=row.id)
    refused(county.register, one, NAMES)
    refused(county.register, other, NAMES)
    assert opened(county.register, one, IDENTITY).postcode == "ZZ1 1AA"


def test_a_value_does_not_open_in_another_column_or_table(
    county: Herefordshire, two: list[Any]
) -> None:
    register = county.register
    death, _ = rows(register, Death)
    notification, _ = rows(register, Notification)
    assert death.sealed_revision == notification.sealed_revision
    change(register, "UPDATE deaths SET identity = names WHERE id = :id", id=death.id)
    refused(register, death, IDENTITY)
    change(
        register,
        "UPDATE notifications SET names = :v WHERE id = :id",
        v=death.names,
        id=notification.id,
    )
    refused(register, notification, NOTIFIED_NAMES)
    assert opened(register, notification, NOTIFIED_IDENTITY).postcode == "ZZ1 1AA"


def test_a_row_given_to_another_case_does_not_open(county: Herefordshire, two: list[Any]) -> None:
    row, _ = rows(county.register, Notification)
    change(
        county.register,
        "UPDATE notifications SET subject_id = :to, death_id = :to WHERE id = :id",
        to=two[1],
        id=row.id,
    )
    refused(county.register, row, NOTIFIED_NAMES)


def test_an_older_value_put_back_does_not_open(county: Herefordshire, two: list[Any]) -> None:
    register, coordinator = county.register, county.actors["coordinator"]
    register.do(coordinator, write_summary, two[0], PAST)
    old, _ = rows(register, Death)
    register.do(coordinator, write_summary, two[0], "An invented summary that stands.")
    change(register, "UPDATE deaths SET summary = :v WHERE id = :id", v=old.summary, id=old.id)
    refused(register, old, SUMMARY)
    assert opened(register, old, NAMES).given == "Example1"


def test_an_older_value_of_an_untouched_column_does_not_open_either(
    county: Herefordshire, two: list[Any]
) -> None:
    """All columns of a row go to the next revision together."""
    register = county.register
    old, _ = rows(register, Death)
    register.do(county.actors["coordinator"], write_summary, two[0], PAST)
    change(register, "UPDATE deaths SET names = :v WHERE id = :id", v=old.names, id=old.id)
    refused(register, old, NAMES)


def test_a_revision_counted_back_closes_the_whole_row(
    county: Herefordshire, two: list[Any]
) -> None:
    row, _ = rows(county.register, Death)
    change(county.register, "UPDATE deaths SET sealed_revision = 0 WHERE id = :id", id=row.id)
    for section in (NAMES, IDENTITY):
        refused(county.register, row, section)


def test_a_tampered_row_cannot_be_sealed_over(county: Herefordshire, two: list[Any]) -> None:
    register = county.register
    row, other = rows(register, Death)
    change(register, "UPDATE deaths SET names = :v WHERE id = :id", v=other.names, id=row.id)
    with pytest.raises(Unsafe):
        register.do(county.actors["coordinator"], write_summary, row.id, PAST)
    (again, _) = rows(register, Death)
    assert (again.names, again.summary) == (other.names, None)


def test_a_destroyed_or_foreign_key_closes_the_case(county: Herefordshire, two: list[Any]) -> None:
    register = county.register
    one, other = rows(register, Death)
    with register.reading(SYSTEM) as work:
        theirs = work.session.get_one(DataKey, other.id).wrapped
    change(
        register, "UPDATE data_keys SET wrapped = :v WHERE subject_id = :id", v=theirs, id=one.id
    )
    with pytest.raises(Unsafe, match=str(one.id)):
        opened(register, one, NAMES)
    change(register, "DELETE FROM data_keys WHERE subject_id = :id", id=other.id)
    with pytest.raises(Unsafe, match=str(other.id)):
        opened(register, other, NAMES)


def test_a_value_that_does_not_open_is_recorded(county: Herefordshire, two: list[Any]) -> None:
    register = county.register
    row, other = rows(register, Death)
    change(register, "UPDATE deaths SET names = :v WHERE id = :id", v=other.names, id=row.id)
    refused(register, row, NAMES)
    with register.reading(SYSTEM) as work:
        lines = work.session.exec(select(AuditEntry).where(AuditEntry.outcome == "failed")).all()
    assert [(line.actor, line.action) for line in lines] == [
        ("system:tests", "register:record:open")
    ]


def test_two_who_seal_one_row_at_the_same_time_both_keep_what_they_wrote(
    county: Herefordshire, two: list[Any]
) -> None:
    """The second starts again and seals what the first wrote with it."""
    register, coordinator, tries = county.register, county.actors["coordinator"], 0

    def rename(work: Work) -> None:
        nonlocal tries
        tries += 1
        row = queries.get(work, two[0])
        if tries == 1 and not register.settings.is_sqlite:  # SQLite lets one writer begin
            register.do(SYSTEM, write_summary, two[0], PAST)
        work.seal(row, {NAMES: Names(given="Renamed")})

    if register.settings.is_sqlite:
        register.do(SYSTEM, write_summary, two[0], PAST)
    register.do(coordinator, rename)
    row, _ = rows(register, Death)
    assert opened(register, row, NAMES) == Names(given="Renamed")
    assert opened(register, row, SUMMARY) == Summary(text=PAST)
    assert tries == (1 if register.settings.is_sqlite else 2)
