"""What the pages of break-glass show, ready to be read."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cdop.break_glass import queries, rules
from cdop.break_glass.documents import FINDING, NEED, OPEN, REASONS
from cdop.errors import Erased
from cdop.organisations import guardians
from cdop.organisations import queries as organisations
from cdop.organisations.models import Organisation
from cdop.organisations.reach_models import BreakGlass
from cdop.reference import codelist
from cdop.security.permissions import GLASS
from cdop.security.work import Work
from cdop.tasks.queries import outstanding
from cdop.web.break_glass.forms import OpenForm, ReviewForm
from cdop.web.buttons import Button
from cdop.web.forms import Bound, blank
from cdop.web.templating import moment

VERDICTS = (("appropriate", "Appropriate"), ("not-appropriate", "Not appropriate"))


@dataclass(frozen=True)
class ListPage:
    """The accesses that somebody may see, the latest first."""

    rows: list[list[Any]]
    may_open: bool


@dataclass(frozen=True)
class OpenPage:
    """The form by which the glass is broken."""

    form: Bound[OpenForm]
    panels: list[tuple[str, str]]
    reasons: tuple[tuple[str, str], ...]
    minutes: int
    unguarded: str


@dataclass(frozen=True)
class AccessPage:
    """One access: who, to whose cases, why, until when, and what its review found."""

    id: UUID
    reference: str
    state: tuple[str, str]
    rows: list[tuple[str, str]]
    end: Button | None
    see: Button | None
    is_theirs: bool
    review: Button | None
    form: Bound[ReviewForm]
    verdicts: tuple[tuple[str, str], ...] = VERDICTS


def list_page(work: Work) -> ListPage:
    """Return the accesses within the actor's sight. Nothing sealed is opened."""
    found = queries.listed(work)
    names = organisations.names_on(work.session, {r.organisation_id for r in found}, work.today)
    rows = [
        [
            {"text": queries.reference_of(row), "href": f"/break-glass/{row.id}"},
            row.opened_by,
            names[row.organisation_id],
            moment(row.opened_at),
            _state(work, row)[0],
        ]
        for row in found
    ]
    return ListPage(rows, may_open=work.actor.may(OPEN))


def open_page(work: Work, form: Bound[OpenForm] | None = None) -> OpenPage:
    """Return the form by which the glass is broken."""
    panels = queries.panels(work)
    names = organisations.names_on(work.session, {p.id for p in panels}, work.today)
    return OpenPage(
        form=form or blank(OpenForm),
        panels=[(str(each.id), names[each.id]) for each in panels],
        reasons=codelist(REASONS, work.today).choices(),
        minutes=GLASS.minutes,
        unguarded=_unguarded(work, panels, names),
    )


def _unguarded(work: Work, panels: list[Organisation], names: dict[UUID, str]) -> str:
    """Say of which panels no guardian of their own reviews what is opened, and who does instead."""
    account = work.actor.account_id
    there = guardians.guarded(work.session, work.today, but=account)
    without = [names[each.id] for each in panels if each.id not in there]
    if not without or account is None:
        return ""
    mine = guardians.homes(work.session, account, work.today) & there
    instead = (
        "the guardian of your own organisation reviews it"
        if mine
        else "and your own has none: nobody reviews it until there is one"
    )
    return f"No Caldicott guardian at {'; '.join(without)}: {instead}."


def access_page(work: Work, id: UUID, form: Bound[ReviewForm] | None = None) -> AccessPage:
    """Return one access; its words are opened, with a line, for whoever reviews it."""
    row = queries.get(work, id)
    theirs, edits = queries.standing(work, row)
    at = queries.reviews_at(work, row)
    state = queries.state_of(row)
    review = rules.review_refusal(state, work.now, is_own=theirs)
    end = rules.end_refusal(state, work.now, is_own=theirs, is_owner=edits)
    here = f"/break-glass/{row.id}"
    unseen = any(task.kind == "see-break-glass" for task in outstanding(work, row.id))
    return AccessPage(
        id=row.id,
        reference=queries.reference_of(row),
        state=_state(work, row),
        rows=_rows(work, row) + (_words(work, row, at) if at else []),
        end=Button("End the access now", f"{here}/end", end) if theirs or edits else None,
        see=Button("I have seen this", f"{here}/see") if edits and unseen else None,
        is_theirs=theirs,
        review=Button("Keep the review", f"{here}/review", review) if at else None,
        form=form or blank(ReviewForm),
    )


def _state(work: Work, row: BreakGlass) -> tuple[str, str]:
    if queries.state_of(row).lasts(work.now):
        return "Open now", "red"
    if row.verdict:
        return dict(VERDICTS)[row.verdict], "green" if row.verdict == "appropriate" else "red"
    return "Waits for review", "yellow"


def _rows(work: Work, row: BreakGlass) -> list[tuple[str, str]]:
    over = row.ended_at or row.ends_at
    return [
        ("Who", row.opened_by),
        ("Whose cases", organisations.name_on(work.session, row.organisation_id, work.today)),
        ("Reason", codelist(REASONS, row.opened_at.date()).label(row.reason)),
        ("From", moment(row.opened_at)),
        ("Until", moment(over)),
        ("Reviewed", f"{row.reviewed_by}, {moment(row.reviewed_at)}")
        if row.reviewed_at
        else ("The review falls to", _falls_to(work, row)),
    ]


def _falls_to(work: Work, row: BreakGlass) -> str:
    places = queries.reviewers(work, row)
    if not places:
        return "Nobody: there is no Caldicott guardian. The administrator appoints one"
    names = organisations.names_on(work.session, places, work.today)
    told = f"The Caldicott guardian of {' or '.join(sorted(names.values()))}"
    elsewhere = row.organisation_id not in places
    return told + (", because the panel has none" if elsewhere else "")


def _words(work: Work, row: BreakGlass, at: UUID) -> list[tuple[str, str]]:
    try:
        need = work.open(row, NEED, why="review", at=at).text
        found = work.open(row, FINDING, why="review", at=at).text if row.review else ""
    except Erased:
        need = found = "Erased: past its period"
    return [("What was needed", need), ("What the review found", found)]
