"""Old invitations, used codes and the words about a broken glass go by the register's periods."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from cdop import doctor
from cdop.break_glass import queries, service
from cdop.break_glass.documents import NEED
from cdop.clock import FixedClock
from cdop.errors import Erased
from cdop.organisations.reach_models import BreakGlass
from cdop.retention import listing, periods
from cdop.retention.old_rows import remove_old
from cdop.retention.periods import NewPeriod
from cdop.security.work import Register, Work
from cdop.sign_in import invitations, recovery
from cdop.sign_in.models import Invitation, RecoveryCode
from tests.factories import MAKER, Herefordshire

KINDS = ("invitation", "recovery-code", "break-glass")


@pytest.fixture
def kept(county: Herefordshire, clock: FixedClock) -> Herefordshire:
    """A county whose register keeps each of these a year."""
    for kind in KINDS:
        new = NewPeriod(kind, None, 1, clock.at.date(), "Invented policy 4")
        county.register.do(county.actors["administrator"], periods.set_period, new)
    return county


def rows(register: Register, table: Any) -> int:
    with register.reading(MAKER) as work:
        return len(work.session.exec(select(table)).all())


def id_of(county: Herefordshire, who: str) -> UUID:
    found = county.actors[who].account_id
    assert found
    return found


def removed(county: Herefordshire) -> dict[str, int]:
    return county.register.do(county.actors["administrator"], remove_old)


def test_invitations_go_a_year_after_they_were_replaced_or_expired(
    kept: Herefordshire, clock: FixedClock
) -> None:
    admin = kept.actors["administrator"]
    for _ in range(2):
        kept.register.do(admin, invitations.invite, id_of(kept, "analyst"))
    assert removed(kept)["invitation"] == 0
    clock.at += timedelta(days=366)  # the first was replaced then, the second expired days later
    assert removed(kept)["invitation"] == 1
    assert rows(kept.register, Invitation) == 1
    clock.at += timedelta(days=10)
    assert removed(kept)["invitation"] == 1


def test_codes_go_a_year_after_they_were_used_and_unused_ones_stay(
    kept: Herefordshire, clock: FixedClock
) -> None:
    account = id_of(kept, "analyst")
    codes = kept.register.do(MAKER, recovery.renew, account)
    assert kept.register.do(MAKER, recovery.accepts, account, codes[0])
    clock.at += timedelta(days=800)
    assert removed(kept)["recovery-code"] == 1
    assert rows(kept.register, RecoveryCode) == len(codes) - 1
    assert kept.register.do(MAKER, recovery.accepts, account, codes[1])


def test_what_was_written_about_an_access_is_erased_and_the_access_stays(
    kept: Herefordshire, clock: FixedClock
) -> None:
    register = kept.register
    opened = [
        register.do(kept.actors["neighbour"], service.break_glass, kept[panel], "other", "Needed")
        for panel in ("herefordshire-cdop",)
    ]
    clock.at += timedelta(hours=2)
    guardian = kept.actors["caldicott-guardian"]
    register.do(guardian, service.review, opened[0], "appropriate", "It was needed")
    clock.at += timedelta(days=366)
    assert past(kept) == 1
    assert removed(kept)["break-glass"] == 1
    assert (past(kept), removed(kept)["break-glass"]) == (0, 0)
    with register.work(guardian) as work:
        row = queries.get(work, opened[0])
        assert (row.verdict, row.opened_by) == ("appropriate", "neighbour")
        with pytest.raises(Erased):
            work.open(row, NEED)
    found = {each.name: each.state for each in doctor.examine(register.settings, thorough=True)}
    assert found["sealed rows"] != doctor.WRONG
    assert doctor.WRONG not in {found[name] for name in found if "row" in name}


def test_an_access_that_nobody_has_reviewed_is_kept(kept: Herefordshire, clock: FixedClock) -> None:
    register = kept.register
    register.do(
        kept.actors["neighbour"],
        service.break_glass,
        kept["herefordshire-cdop"],
        "other",
        "Needed",
    )
    clock.at += timedelta(days=3000)
    assert removed(kept)["break-glass"] == 0
    with register.reading(MAKER) as work:
        row = work.session.exec(select(BreakGlass)).one()
        assert work.open_within(row, NEED).text == "Needed"


def past(county: Herefordshire) -> int:
    def count(work: Work) -> int:
        lines = listing.preview(work).lines
        return next(each.past for each in lines if each.kind.code == "break-glass")

    return county.register.do(county.actors["administrator"], count)
