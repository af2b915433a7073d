"""What the release desk shows: the form of a draft, and one release in whatever state it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cdop.jobs.models import Job
from cdop.organisations import queries as organisations
from cdop.security.work import Work
from cdop.statistics import counting, releasing, rules, settling, tokens, working
from cdop.statistics.asked import with_asked
from cdop.statistics.coarsening import coarsenings
from cdop.statistics.definitions import year_days, year_tables
from cdop.statistics.disclosure import profile, profiles
from cdop.statistics.disclosure.profiles import Others
from cdop.statistics.disclosure.rounding import LOW
from cdop.statistics.drafting import as_drafted
from cdop.statistics.earlier import tables_of
from cdop.statistics.models import Release
from cdop.statistics.reasons import reader
from cdop.statistics.rules import State
from cdop.web.buttons import Button, why_not
from cdop.web.forms import Bound, blank
from cdop.web.showing import Event
from cdop.web.statistics.desk_forms import ApproveForm, DraftForm, ReasonForm, asked_for
from cdop.web.statistics.figures import Section, sections
from cdop.web.statistics.ledger_pages import address, asked_titles, period
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
_WORK = {
    working.BUILDING: "Building the release",
    working.PREVIEWING: "Comparing the profiles",
    working.ADVISING: "Looking for ways to keep more",
}


@dataclass(frozen=True)
class DraftPage:
    """The form of a draft. `asked`: the titles of its tables, where they are not the year's."""

    form: Bound[DraftForm]
    name: str
    asked: list[str]
    profiles: list[tuple[str, str]]
    ways: list[tuple[str, str]]
    boards: list[tuple[str, str]]
    audiences: list[tuple[str, str]]


@dataclass(frozen=True)
class WorkView:
    """Long work: how far it is, or how it ended."""

    kind: str
    title: str
    live: bool
    stage: str
    done: int
    whole: int
    words: str


@dataclass(frozen=True)
class Way:
    """One way of releasing, and what it keeps; `chosen` is what the draft says now."""

    title: str
    cells: list[object]
    profile: str
    years: int
    ways: str
    chosen: bool
    why: str


@dataclass(frozen=True)
class ReleasePage:
    """A release: what it is, what was proved, what may be done with it, and what befell it."""

    id: UUID
    name: str
    period: str
    state: tuple[str, str]
    facts: list[tuple[str, object]]
    reason: str
    works: list[WorkView]
    profiles: list[Way]
    advice: list[Way]
    may_change: bool
    may_discard: bool
    approving: Button | None
    awaited: bool
    may_withdraw: bool
    may_revise: bool
    download: Button
    note: str
    width: int
    hidden: int
    shown: int
    rounding: str
    readers: list[str]
    sections: list[Section]
    history: list[Event]
    recipients: list[str]
    approve: Bound[ApproveForm]
    why: Bound[ReasonForm]


def draft_page(work: Work, form: Bound[DraftForm]) -> DraftPage:
    """Return the form of a draft. Raises Denied, NotFound for a panel out of reach."""
    cdop = counting.find_cdop(work, form.value("cdop"), releasing.BUILD)
    year = form.value("year")
    asked = asked_for(*map(form.value, ("population", "by", "across")))
    every = [(each.id, each.title) for each in profiles().values()]
    ways = [(each.id, each.title) for each in coarsenings().values()]
    return DraftPage(
        form,
        organisations.name_on(work.session, cdop.id, year_days(year)[1]),
        [table.title for table in with_asked(year_tables(year), asked).asked],
        every,
        ways,
        _boards(work, cdop.id),
        list(rules.AUDIENCES.items()),
    )


def new_form(slug: str, year: str, asked: Mapping[str, object]) -> Bound[DraftForm]:
    """Return the form of a new draft, filled as it mostly is."""
    usual = {"audience": "partner", "profile": releasing.DEFAULT_PROFILE}
    return blank(DraftForm, {"cdop": slug, "year": year, **usual, **asked})


def release_page(
    work: Work,
    release_id: UUID,
    approve: Bound[ApproveForm] | None = None,
    why: Bound[ReasonForm] | None = None,
) -> ReleasePage:
    """Return a release as the desk shows it. Raises Denied, NotFound."""
    release = releasing.get_release(work, release_id)
    may_build = work.actor.may(releasing.BUILD, release.organisation_id)
    may_approve = work.actor.may(releasing.APPROVE, release.organisation_id)
    drafted = release.state in (State.DRAFT, State.REFUSED)
    jobs = [working.latest(work, release, kind) for kind in working.KINDS] if drafted else []
    frozen = bool(release.ledger)
    cells = releasing.shown_cells(release) if frozen else {}
    hidden = sum(count is None for count in cells.values())
    proved = release.state == State.PROVED
    here = address(release.id)
    return ReleasePage(
        id=release.id,
        name=_name(work, release),
        period=period(release),
        state=(rules.WORDS[State(release.state)], COLOURS[State(release.state)]),
        facts=_facts(release),
        reason=release.reason,
        works=[_work_view(job) for job in jobs if job],
        profiles=_ways(release, _answer(jobs, working.PREVIEWING)) if may_build else [],
        advice=_ways(release, _answer(jobs, working.ADVISING)) if may_build else [],
        may_change=drafted and may_build,
        may_discard=may_build and release.state in rules.TRANSITIONS[rules.Step.DISCARD][0],
        approving=Button(
            "Approve or decline", f"{here}/approve", why_not(settling.check_approve, work, release)
        )
        if proved and may_approve
        else None,
        awaited=proved and not may_approve,
        may_withdraw=release.state == State.RELEASED and (may_build or may_approve),
        may_revise=may_build and release.state in rules.EVER_OUT,
        download=Button(
            "Download the release (ZIP)",
            f"{here}/package",
            why_not(rules.check_out, release.state),
        ),
        note=release.note,
        width=profile(release.profile).width,
        hidden=hidden,
        shown=len(cells) - hidden,
        rounding=_rounding(release) if frozen else "",
        readers=[reader(each) for each in release.ledger.get("attackers", ())],
        sections=_sections(release) if frozen else [],
        history=_history(work, release),
        recipients=[each.name for each in as_drafted(release).recipients],
        approve=approve or blank(ApproveForm),
        why=why or blank(ReasonForm),
    )


def _sections(release: Release) -> list[Section]:
    if not release.snapshot:
        return []
    tables, _ = tables_of(release)
    rounds = profile(release.profile).others == Others.CONTROLLED
    return sections(tables, releasing.shown_cells(release), LOW if rounds else "0")


def _rounding(release: Release) -> str:
    """Return how far the numbers lie from the counts, in words."""
    chosen, reach = profile(release.profile), release.ledger["reach"]
    if not reach:
        return ""
    low = f" {LOW} rounds to 0." if chosen.others == Others.CONTROLLED else ""
    return f"Each is a multiple of {chosen.base}, at most {reach} from the count.{low}"


def _boards(work: Work, cdop_id: UUID) -> list[tuple[str, str]]:
    """Return the organisations that know some of a panel's cases: whom it serves, or succeeded."""
    places = {each.id: each for each in organisations.served_by(work.session, cdop_id, work.today)}
    for id in organisations.with_predecessors(work.session, cdop_id) - {cdop_id}:
        places[id] = organisations.get(work.session, id)
    names = organisations.names_on(work.session, places, work.today)
    return sorted((each.slug, names.get(id, each.slug)) for id, each in places.items())


def _facts(release: Release) -> list[tuple[str, object]]:
    asked = [("Tables", "; ".join(asked_titles(release)))] if release.asked else []
    found: list[tuple[str, object]] = [
        *asked,
        ("Protection", profile(release.profile).title),
        ("For", "; ".join(each["name"] for each in release.recipients)),
        ("Drafted", f"{moment(release.drafted_at)}, by {release.drafted_by}"),
    ]
    if release.merged.get("ways"):
        titles = [coarsenings()[way].title for way in release.merged["ways"]]
        found.append(("Coarser answers", "; ".join(titles)))
    if release.known:
        found.append(("Counts published by others", len(release.known)))
    if release.replaces_id:
        link = {"text": "an earlier edition", "href": address(release.replaces_id)}
        found.append(("Replaces", link))
    if release.built_at:
        found.append(("Proved", f"{moment(release.built_at)}, by {release.built_by}"))
    if release.approved_at:
        found.append(("Approved", f"{moment(release.approved_at)}, by {release.approved_by}"))
    if release.digest:
        found.append(("SHA-256 of the file", release.digest))
        found.append(
            ("Signed with the panel's key", f"version {release.ledger.get('signed_by', 1)}")
        )
        found.append(("Digest of the proof", release.certificate))
        found.append(("Earlier releases of these deaths", len(release.against)))
    return found


def _work_view(job: Job) -> WorkView:
    words = {
        "queued": "Waits for its turn.",
        "running": "",
        "done": "Done.",
        "failed": job.reason,
        "cancelled": "Stopped.",
    }[job.state]
    live = job.state in ("queued", "running")
    return WorkView(job.kind, _WORK[job.kind], live, job.stage, job.done, job.whole, words)


def _answer(jobs: list[Job | None], kind: str) -> list[dict[str, Any]]:
    job = next((each for each in jobs if each and each.kind == kind), None)
    return job.answer.get("kept", []) if job and job.state == "done" else []


def _ways(release: Release, kept: list[dict[str, Any]]) -> list[Way]:
    """Return what was tried, as rows; what keeps most of the counts first where it is advice."""
    now = (release.profile, release.years, tuple(release.merged.get("ways", ())))
    found = []
    for each in kept:
        this = (each["profile"], each["years"], tuple(each["ways"]))
        titles = [coarsenings()[way].title for way in each["ways"]]
        years = [f"{each['years']} years pooled"] if each["years"] > 1 else []
        title = "; ".join([profile(each["profile"]).title, *years, *titles])
        cells: list[object] = [
            f"{each['shown']} of {each['some']}",
            f"{each['value']}%",
            f"{each['totals']}%",
            each["hidden"],
            "none small" if each["width"] is None else each["width"],
        ]
        found.append(Way(title, cells, *this[:2], ",".join(this[2]), this == now, each["why"]))
    return found


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
