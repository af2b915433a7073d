"""One release as the desk shows it: where it stands, what to do next, and what befell it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cdop.jobs.models import Job
from cdop.organisations import queries as organisations
from cdop.security.work import Work
from cdop.statistics import releasing, rules, settling, tokens, working
from cdop.statistics.coarsening import coarsenings
from cdop.statistics.disclosure import profile
from cdop.statistics.earlier import tables_of
from cdop.statistics.models import Release
from cdop.statistics.reasons import cell_in_words, mend
from cdop.statistics.rules import State
from cdop.statistics.year_tables import year_days
from cdop.web.buttons import Button, why_not
from cdop.web.forms import Bound, blank
from cdop.web.showing import Event
from cdop.web.statistics.desk_forms import ApproveForm, ReasonForm
from cdop.web.statistics.ledger_pages import address, asked_titles, period
from cdop.web.statistics.long_work import Way, WorkView, ways, work_view
from cdop.web.statistics.shown_pages import Shows, shows
from cdop.web.templating import moment

COLOURS = {
    State.DRAFT: "grey",
    State.REFUSED: "red",
    State.PROVED: "blue",
    State.DECLINED: "orange",
    State.DISCARDED: "white",
    State.RELEASED: "green",
    State.WITHDRAWN: "red",
}
NEXT = {
    State.DRAFT: "Compare the profiles and choose one. Then have it protected, attacked and built.",
    State.REFUSED: "Compare the profiles or find ways to keep more: each says whether it is safe.",
    State.PROVED: "It waits for a release approver, who neither drafted nor built it, looks at "
    "every table, and approves or declines it.",
    State.DECLINED: "It does not go out. Deal with the reason, and draft it anew.",
    State.DISCARDED: "Nothing: it never went out. It stays in the ledger.",
    State.RELEASED: "Download it, and hand it to those it is for. After late notifications draft a "
    "new edition.",
    State.WITHDRAWN: "Nobody downloads it again. Tell those who have it.",
}
STEPS = {
    "draft": "Drafted",
    "change": "Changed",
    "prove": "Protected and proved",
    "refuse": "Not safe",
    "approve": "Approved",
    "decline": "Declined",
    "discard": "Discarded",
    "withdraw": "Withdrawn",
    "download": "Downloaded",
}
Fact = tuple[str, object]


@dataclass(frozen=True)
class May:
    """What the reader may do with a release now."""

    change: bool
    discard: bool
    withdraw: bool
    revise: bool
    download: Button
    approving: Button | None


@dataclass(frozen=True)
class ReleasePage:
    """A release: what it is, what was proved, what may be done with it, and what befell it.

    `shows` is what is in it, once it was built; `opened` says that its tables stand open.
    """

    id: UUID
    name: str
    period: str
    years: int
    state: tuple[str, str]
    next: str
    facts: list[Fact]
    file: list[Fact]
    reason: str
    note: str
    may: May
    works: list[WorkView]
    profiles: list[Way]
    advice: list[Way]
    shows: Shows | None
    history: list[Event]
    recipients: list[str]
    approve: Bound[ApproveForm]
    why: Bound[ReasonForm]
    opened: bool


def release_page(
    work: Work,
    release_id: UUID,
    seconds: float,
    *,
    approve: Bound[ApproveForm] | None = None,
    why: Bound[ReasonForm] | None = None,
    opened: bool = False,
) -> ReleasePage:
    """Return a release as the desk shows it. `seconds` is how long its proof may take.

    Raises Denied, NotFound.
    """
    release = releasing.get_release(work, release_id)
    may, state = _may(work, release), State(release.state)
    open_ = state in (State.DRAFT, State.REFUSED)
    jobs = [working.latest(work, release, kind) for kind in working.KINDS] if open_ else []
    mine = jobs if work.actor.may(releasing.BUILD, release.organisation_id) else []
    return ReleasePage(
        id=release.id,
        name=_name(work, release),
        period=period(release),
        years=release.years,
        state=(rules.WORDS[state], COLOURS[state]),
        next=f"{mend(release.reason)} {NEXT[state]}" if state == State.REFUSED else NEXT[state],
        facts=_facts(release),
        file=_file(release),
        reason=release.reason,
        note=release.note,
        may=may,
        works=[work_view(j, work.now, seconds) for j in jobs if j and _is_news(j, release)],
        profiles=ways(release, mine, working.PREVIEWING),
        advice=ways(release, mine, working.ADVISING),
        shows=shows(work, release) if release.ledger else None,
        history=_history(work, release),
        recipients=[each["name"] for each in release.recipients],
        approve=approve or blank(ApproveForm),
        why=why or blank(ReasonForm),
        opened=opened,
    )


def _is_news(job: Job, release: Release) -> bool:
    """Tell whether the page does not say already how a piece of work ended."""
    return job.state != "failed" or job.reason != release.reason


def _may(work: Work, release: Release) -> May:
    may_build = work.actor.may(releasing.BUILD, release.organisation_id)
    may_approve = work.actor.may(releasing.APPROVE, release.organisation_id)
    proved, here = release.state == State.PROVED, address(release.id)
    refusal = why_not(settling.check_approve, work, release)
    return May(
        change=may_build and release.state in rules.TRANSITIONS[rules.Step.CHANGE][0],
        discard=may_build and release.state in rules.TRANSITIONS[rules.Step.DISCARD][0],
        withdraw=release.state == State.RELEASED and (may_build or may_approve),
        revise=may_build and release.state in rules.EVER_OUT,
        download=Button(
            "Download the release (ZIP)",
            f"{here}/package",
            why_not(rules.check_out, release.state),
        ),
        approving=Button("Approve or decline", f"{here}/approve", refusal)
        if proved and may_approve
        else None,
    )


def _facts(release: Release) -> list[Fact]:
    """Return what a release is, for whom, and who brought it this far."""
    ways_taken = [coarsenings()[way].title for way in release.merged.get("ways", ())]
    earlier = {"text": "an earlier edition", "href": address(release.replaces_id or release.id)}
    found: list[tuple[str, object, object]] = [
        ("Tables", "; ".join(asked_titles(release)), release.asked),
        ("Protection", profile(release.profile).title, True),
        ("Coarser answers", "; ".join(ways_taken), ways_taken),
        ("For", "; ".join(each["name"] for each in release.recipients), True),
        ("Counts published by others", "; ".join(_known(release)), release.known),
        ("Replaces", earlier, release.replaces_id),
        ("Drafted", _done(release.drafted_at, release.drafted_by), True),
        ("Proved", _done(release.built_at, release.built_by), release.built_at),
        ("Approved", _done(release.approved_at, release.approved_by), release.approved_at),
    ]
    return [(name, value) for name, value, there in found if there]


def _known(release: Release) -> list[str]:
    """Return the counts that readers are taken to know, each with where it was published."""
    tables, _ = tables_of(release)
    named = {table.code: table for table in tables.tables}
    return [
        f"{cell_in_words(tables, named[each['table']], each['key'])} ({each['source']})"
        for each in release.known
    ]


def _done(at: datetime | None, by: str | None) -> str:
    return f"{moment(at)}, by {by}" if at else ""


def _file(release: Release) -> list[Fact]:
    """Return by what a reader tells that the file is the one that was approved."""
    if not release.digest:
        return []
    return [
        ("SHA-256 of the file", release.digest),
        ("The key that signed it", f"version {release.ledger.get('signed_by', 1)}"),
        ("Digest of the proof", release.certificate),
    ]


def _history(work: Work, release: Release) -> list[Event]:
    """Return what befell a release; a program that read it is called by its name."""
    found = releasing.events(work, release)
    programs = tokens.names(work, {each.by for each in found})
    return [
        Event(each.at, STEPS.get(each.kind, each.kind), each.remark, programs.get(each.by, each.by))
        for each in found
    ]


def _name(work: Work, release: Release) -> str:
    _, last = year_days(release.year)
    return organisations.name_on(work.session, release.organisation_id, last)
