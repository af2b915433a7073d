"""Columns are opened for many rows at once; what was moved or changed is refused there, too."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from cdop.deaths.documents import IDENTITY, NAMES, SUMMARY, Identity, Names
from cdop.deaths.models import Death
from cdop.errors import Denied, Unsafe
from cdop.security import resealing
from cdop.security.columns import Opened, open_columns
from cdop.security.models import AuditEntry
from cdop.security.rotation import KEYS
from cdop.security.sealing import ERASED
from cdop.security.sections import Section
from cdop.security.work import Work
from tests.factories import Herefordshire
from tests.integration.security.rotating import another_server, notified


@pytest.fixture
def ids(county: Herefordshire) -> list[UUID]:
    return notified(county, 1, 2, 3)


@pytest.fixture
def work(county: Herefordshire, ids: list[UUID]) -> Iterator[Work]:
    with county.register.work(KEYS) as opened:
        yield opened


def opened(work: Work, *where: sa.ColumnElement[bool]) -> dict[UUID, list[bytes]]:
    return {each.id: each.documents for each in open_columns(work, (NAMES, SUMMARY), *where)}


def test_each_row_gives_its_documents_in_the_order_asked_for(work: Work, ids: list[UUID]) -> None:
    found = list(open_columns(work, (IDENTITY, NAMES)))
    assert {each.id for each in found} == set(ids)
    numbers = {Identity.model_validate_json(each.documents[0]).nhs_number for each in found}
    assert len(numbers) == 3
    assert {Names.model_validate_json(each.documents[1]).given for each in found} == {"Example"}


def test_an_empty_column_is_an_empty_document_and_an_erased_row_is_passed_over(
    work: Work, ids: list[UUID]
) -> None:
    assert {documents[1] for documents in opened(work).values()} == {b"{}"}
    first = sa.update(Death).where(col(Death.id) == ids[0])
    work.session.execute(first.values(names=ERASED))
    assert set(opened(work)) == set(ids[1:])
    work.vault.destroy(work.session, ids[1], work.now)
    assert set(opened(work)) == {ids[2]}


def test_a_condition_chooses_rows(work: Work, ids: list[UUID]) -> None:
    assert set(opened(work, col(Death.id) == ids[1])) == {ids[1]}
    assert set(opened(work, col(Death.id) == ids[1], col(Death.status) == "joined")) == set()


@pytest.mark.parametrize("change", ["row", "column", "revision", "bytes", "cut"])
def test_what_was_moved_or_changed_is_refused_by_table_and_row(
    work: Work, ids: list[UUID], change: str
) -> None:
    one, other = (work.session.get_one(Death, id) for id in ids[:2])
    assert one.names
    changes: dict[str, dict[str, Any]] = {
        "row": {"names": other.names},
        "column": {"names": one.identity},
        "revision": {"sealed_revision": one.sealed_revision + 1},
        "bytes": {"names": one.names[:-1] + bytes([one.names[-1] ^ 1])},
        "cut": {"names": one.names[:9]},
    }
    work.session.execute(sa.update(Death).where(col(Death.id) == one.id).values(changes[change]))
    with pytest.raises(Unsafe) as caught:
        opened(work)
    assert str(caught.value) == (
        f"A sealed value does not open: deaths, row {one.id}. "
        "It was changed or moved outside the register. Tell whoever runs it."
    )
    assert caught.value.__suppress_context__


def test_what_is_not_yet_written_is_opened_as_it_will_be(work: Work, ids: list[UUID]) -> None:
    death = work.session.get_one(Death, ids[0])
    work.seal(death, {NAMES: Names(given="Corrected")})
    (documents,) = opened(work, col(Death.id) == ids[0]).values()
    assert Names.model_validate_json(documents[0]).given == "Corrected"


def test_an_id_is_a_uuid_however_the_database_gives_it() -> None:
    id = UUID(int=7)
    assert Opened(id, []).id is id
    assert Opened(str(id), []).id == id


def test_a_row_resealed_since_it_was_read_is_read_again(
    county: Herefordshire, ids: list[UUID]
) -> None:
    """For reading and for sealing another section, in a unit that began before."""
    register = another_server(county.register)
    for _ in range(2):
        with register.work(KEYS) as work:
            death = work.session.get_one(Death, ids[0])
            with Session(work.session.connection()) as elsewhere:
                other = Work(elsewhere, KEYS, work.now, county.register.vault)
                assert resealing.reseal_case(other, ids[0])
                elsewhere.flush()
                elsewhere.commit()
            assert work.open_within(death, NAMES).given == "Example"
            work.session.refresh(death)
    with register.work(KEYS) as work:
        death = work.session.get_one(Death, ids[1])
        with Session(work.session.connection()) as elsewhere:
            other = Work(elsewhere, KEYS, work.now, county.register.vault)
            resealing.reseal_case(other, ids[1])
            elsewhere.commit()
        work.seal(death, {NAMES: Names(given="Renamed")})
        assert work.open_within(death, NAMES).given == "Renamed"
        assert work.open_within(death, IDENTITY).postcode == "ZZ1 1AA"


def test_opening_one_row_says_who_opened_what_of_whom_and_why(
    county: Herefordshire, ids: list[UUID]
) -> None:
    coordinator = county.actors["coordinator"]
    with county.register.work(coordinator) as work:
        death = work.session.get_one(Death, ids[0])
        work.open(death, NAMES)
        work.open(death, IDENTITY, why="search")
    with county.register.reading(KEYS) as work:
        query = sa.select(AuditEntry).where(col(AuditEntry.actor) == "coordinator")
        last = work.session.scalars(query.order_by(col(AuditEntry.id).desc()).limit(2)).all()
    sections: tuple[Section[Any], ...] = (IDENTITY, NAMES)
    for line, section, why in zip(last, sections, ("search", "read"), strict=True):
        assert (line.action, line.outcome) == (section.permission, "done")
        assert (line.subject_kind, line.subject_id) == ("deaths", ids[0])
        assert (line.case_id, line.organisation_id) == (ids[0], county["herefordshire-cdop"])
        assert line.detail == {"section": section.column, "why": why}


def test_one_row_is_opened_by_who_may_where_it_is_asked(
    county: Herefordshire, ids: list[UUID]
) -> None:
    """At the row's own panel, unless the service names another: the board that decides."""
    with county.register.work(county.actors["coordinator"]) as work:
        death = work.session.get_one(Death, ids[0])
        assert work.open(death, NAMES).given == "Example"
        with pytest.raises(Denied):
            work.open(death, NAMES, at=county["worcestershire-cdop"])
