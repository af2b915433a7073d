"""What the pages of requests about rights show, ready to be read."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cdop.organisations import queries as organisations
from cdop.reference import clock, codelist
from cdop.retention import listing
from cdop.retention.rights import copying, finding, service
from cdop.retention.rights.copying import Disclosed
from cdop.retention.rights.finding import Candidate
from cdop.retention.rights.models import ANSWER, ASKED, EXTENSION, HANDLE, RightsRequest
from cdop.security.work import Work
from cdop.web.buttons import Button, why_not
from cdop.web.forms import Bound, Form, blank
from cdop.web.rights.forms import CloseForm, CopyForm, ExtendForm, LinkForm, RequestForm
from cdop.web.showing import Due
from cdop.web.templating import day

Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class ListPage:
    """The requests within reach: references and days, nothing opened."""

    rows: list[list[Any]]


@dataclass(frozen=True)
class NewPage:
    """The form for a request that arrived."""

    form: Bound[RequestForm]
    places: Choices
    kinds: tuple[tuple[str, str], ...]
    relations: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RequestPage:
    """One request, opened: its clock, the records found, and the steps that are left."""

    id: UUID
    reference: str
    due: Due | None
    rows: list[tuple[str, str]]
    text: str
    answer: str
    linked: list[list[Any]]
    found: Choices | None
    extending: Button | None
    is_open: bool
    link: Bound[LinkForm]
    extend: Bound[ExtendForm]
    close: Bound[CloseForm]
    outcomes: tuple[tuple[str, str], ...]
    exemptions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ChoosePage:
    """The parts of the linked records, to choose what is disclosed."""

    id: UUID
    reference: str
    form: Bound[CopyForm]
    parts: Choices
    hints: dict[str, str]


@dataclass(frozen=True)
class CopyPage:
    """The redacted copy."""

    reference: str
    made_on: str
    parts: list[Disclosed]


def list_page(work: Work) -> ListPage:
    """Return the requests, those open and due first."""
    return ListPage([_row(work, each) for each in service.listed(work)])


def new_page(work: Work, form: Bound[RequestForm] | None = None) -> NewPage:
    """Return the form for a new request."""
    places = [
        (str(o.id), organisations.name_on(work.session, o.id, work.today))
        for o in listing.owners(work, HANDLE)
    ]
    kept: dict[str, Any] = {"received_on": work.today}
    if len(places) == 1:
        kept["organisation_id"] = places[0][0]
    return NewPage(
        form=form or blank(RequestForm, kept),
        places=places,
        kinds=codelist("rights-kinds", work.today).choices(),
        relations=codelist("rights-relations", work.today).choices(),
    )


def request_page(
    work: Work,
    request_id: UUID,
    typed: Bound[Any] | None = None,
    found: list[Candidate] | None = None,
) -> RequestPage:
    """Open a request, audited. `found` are the candidates of a search made just now."""
    row = service.get(work, request_id)
    asked = work.open(row, ASKED)
    is_open = row.closed_on is None
    code = service.EXTENDED_CLOCK if row.extended_on else service.CLOCK
    running = clock(code, row.received_on)
    due = Due(row.due_on, work.today, running.standing, running.source)
    known = service.linked(work, row)
    return RequestPage(
        id=row.id,
        reference=row.reference,
        due=due if is_open else None,
        rows=[
            ("Asks for", _label("rights-kinds", row.kind, row)),
            ("Who asks", asked.name),
            ("As", _label("rights-relations", row.relation, row)),
            ("Contact", asked.contact),
            ("About", asked.about or "Whoever asks"),
            ("NHS number", asked.nhs_number),
            ("Date of birth", day(asked.born_on) if asked.born_on else ""),
            ("Received", day(row.received_on)),
            ("Extended because", work.open_within(row, EXTENSION).text),
            *_ended(row),
        ],
        text=asked.text,
        answer=work.open_within(row, ANSWER).text,
        linked=[
            [{"text": each.reference, "href": f"/{each.record_kind}/{each.record_id}"}]
            for each in known
        ],
        found=_offers(found, {each.record_id for each in known}),
        extending=Button(
            "Extend", f"/rights/{row.id}/extend", why_not(service.check_extend, work, row)
        )
        if is_open
        else None,
        is_open=is_open,
        link=_form(LinkForm, typed),
        extend=_form(ExtendForm, typed),
        close=_form(CloseForm, typed),
        outcomes=codelist("rights-outcomes", work.today).choices(),
        exemptions=codelist("rights-exemptions", work.today).choices(),
    )


def choose_page(work: Work, request_id: UUID, form: Bound[CopyForm] | None = None) -> ChoosePage:
    """Return the parts there are. What tells of somebody else is not chosen beforehand."""
    row = service.get(work, request_id)
    parts = copying.parts(work, request_id)
    own = [part.code for part in parts if not part.others]
    return ChoosePage(
        id=row.id,
        reference=row.reference,
        form=form or blank(CopyForm, {"parts": own}),
        parts=[(part.code, f"{part.reference}: {part.label}") for part in parts],
        hints={part.code: "Tells of somebody else" for part in parts if part.others},
    )


def copy_page(work: Work, request_id: UUID, chosen: CopyForm) -> CopyPage:
    """Make the redacted copy, audited."""
    row = service.get(work, request_id)
    made = copying.copy(work, request_id, chosen.parts, chosen.words.splitlines())
    return CopyPage(row.reference, day(work.today), made)


def search_page(work: Work, request_id: UUID) -> RequestPage:
    """Search for the person of a request, audited, and show what was found."""
    return request_page(work, request_id, found=finding.candidates(work, request_id))


def _row(work: Work, row: RightsRequest) -> list[Any]:
    state = f"Due {day(row.due_on)}"
    if row.outcome:
        state = _label("rights-outcomes", row.outcome, row)
    elif row.due_on < work.today:
        state = f"Overdue since {day(row.due_on)}"
    shown = {"text": row.reference, "href": f"/rights/{row.id}"}
    return [shown, _label("rights-kinds", row.kind, row), day(row.received_on), state]


def _ended(row: RightsRequest) -> list[tuple[str, str]]:
    if row.closed_on is None or row.outcome is None:
        return []
    kept_back = [_label("rights-exemptions", each, row) for each in row.exemptions.split()]
    return [
        ("Closed", f"{day(row.closed_on)}, by {row.closed_by}"),
        ("Ended", _label("rights-outcomes", row.outcome, row)),
        ("Not disclosed because", "; ".join(kept_back)),
    ]


def _offers(found: list[Candidate] | None, known: set[UUID]) -> Choices | None:
    if found is None:
        return None
    return [
        (f"{each.record[0]}:{each.record[1]}", f"{each.reference}. {'; '.join(each.reasons)}")
        for each in found
        if each.record[1] not in known
    ]


def _form(kind: type[Form], typed: Bound[Any] | None) -> Bound[Any]:
    return typed if typed is not None and typed.kind is kind else blank(kind)


def _label(list_id: str, code: str, row: RightsRequest) -> str:
    return codelist(list_id, row.received_on).label(code)
