"""What the list of referrals and the forms for a new one show."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from cdop.case_reviews import queries
from cdop.db import new_id
from cdop.deaths import queries as deaths
from cdop.organisations import queries as organisations
from cdop.organisations.models import Organisation
from cdop.reference import codelist
from cdop.security.work import Work
from cdop.web.case_reviews import words
from cdop.web.case_reviews.forms import PanelReferralForm, ReferralForm
from cdop.web.case_reviews.words import Choices
from cdop.web.forms import Bound, blank
from cdop.web.templating import day

ROWS = 25
RECORD = "case_reviews:referral:create"


@dataclass(frozen=True)
class Row:
    """A referral in the list."""

    href: str
    reference: str
    status: tuple[str, str]
    received: str
    board: str
    source: str


@dataclass(frozen=True)
class ListPage:
    """A page of referrals, the last received first."""

    rows: list[Row]
    next: str | None
    may_record: bool
    may_report: bool


@dataclass(frozen=True)
class NewPage:
    """The form for a referral that arrived."""

    form: Bound[ReferralForm]
    boards: Choices
    sources: Choices


@dataclass(frozen=True)
class FromPanelPage:
    """The form for a concern that a panel found in one of its cases."""

    id: UUID
    reference: str
    back: str
    form: Bound[PanelReferralForm]
    boards: Choices


def list_page(work: Work, before: tuple[date, UUID] | None) -> ListPage:
    """Return the referrals in the actor's scope."""
    found = queries.latest(work, ROWS + 1, before)
    shown = found[:ROWS]
    last = shown[-1] if len(found) > ROWS else None
    names = organisations.names_on(work.session, {r.board_id for r in shown}, work.today)
    return ListPage(
        rows=[
            Row(
                href=f"/referrals/{each.id}",
                reference=each.reference,
                status=words.STATUS[each.status],
                received=day(each.received_on),
                board=names[each.board_id],
                source=words.label("referral-sources", each.source, each.received_on),
            )
            for each in shown
        ],
        next=f"/referrals?after={last.received_on.isoformat()}_{last.id}" if last else None,
        may_record=bool(queries.boards_to_refer_to(work, work.today)),
        may_report=work.actor.may("statistics:exact:read"),
    )


def new_page(work: Work, form: Bound[ReferralForm] | None = None) -> NewPage:
    """Return the form for a referral, for the boards whose group the actor records for."""
    kept = {"id": new_id(), "received_on": work.today}
    sources = codelist("referral-sources", work.today).choices()
    return NewPage(
        form=form or blank(ReferralForm, kept),
        boards=_boards(work, queries.boards_to_refer_to(work, work.today)),
        sources=tuple(item for item in sources if item[0] != "panel"),
    )


def from_panel_page(
    work: Work, death_id: UUID, form: Bound[PanelReferralForm] | None = None
) -> FromPanelPage:
    """Return the form for a panel's concern. Raises Denied, NotFound."""
    death = deaths.get(work, death_id, RECORD)
    boards = queries.boards_for_panel(work.session, death.organisation_id, work.today)
    return FromPanelPage(
        id=death.id,
        reference=death.reference,
        back=case_address(work, death.id),
        form=form or blank(PanelReferralForm, {"id": new_id()}),
        boards=_boards(work, boards),
    )


def case_address(work: Work, death_id: UUID) -> str:
    """Return where somebody reads a case: the case itself, or the panel's anonymised page."""
    reads_case = work.actor.may(deaths.READ)
    return f"/deaths/{death_id}" if reads_case else f"/overview/{death_id}"


def _boards(work: Work, boards: list[Organisation]) -> Choices:
    names = organisations.names_on(work.session, {board.id for board in boards}, work.today)
    return tuple((str(board.id), names[board.id]) for board in boards)
