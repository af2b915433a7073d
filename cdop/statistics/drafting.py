"""Drafting a release: which deaths, for whom, under which profile. Nothing is protected yet."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from cdop.errors import Invalid, Refused
from cdop.organisations import queries as organisations
from cdop.security.work import Work
from cdop.statistics import rules, whose
from cdop.statistics.asked import Asked, with_asked
from cdop.statistics.coarsening import coarsened
from cdop.statistics.disclosure import TOTAL, check_floor, profile
from cdop.statistics.earlier import take_turns
from cdop.statistics.models import Release, ReleaseEvent
from cdop.statistics.records import SOURCES
from cdop.statistics.releasing import BUILD, find_release
from cdop.statistics.rules import Recipient, Step
from cdop.statistics.year_tables import YearTables, pooled_years, year_days, year_tables


@dataclass(frozen=True)
class Known:
    """A count that others have published: of one cell of one table, where and when."""

    table: str
    key: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Draft:
    """What a release is to be. `ways` are coarser answers; `year` is the last of `years`.

    `asked` are its tables; without any, they are those of the year.
    """

    year: str
    profile: str
    recipients: tuple[Recipient, ...]
    years: int = 1
    ways: tuple[str, ...] = ()
    known: tuple[Known, ...] = ()
    note: str = ""
    asked: tuple[Asked, ...] = ()


def draft(
    work: Work, organisation_id: UUID, wanted: Draft, replaces: UUID | None = None
) -> Release:
    """Draft a release of a panel's or group's years; with `replaces`, a new edition of one before.

    Raises Denied without the permission there; Invalid, Refused for what cannot be.
    """
    work.check(BUILD, organisation_id)
    if replaces is not None:
        earlier = find_release(work, replaces, BUILD)
        if earlier.organisation_id != organisation_id or earlier.state not in rules.EVER_OUT:
            raise Refused("Only a release that went out can have a new edition.")
    release = Release(
        organisation_id=organisation_id,
        year=wanted.year,
        profile=wanted.profile,
        edition="",
        replaces_id=replaces,
        drafted_at=work.now,
        drafted_by=work.actor.name,
    )
    _set(work, release, wanted)
    work.session.add(release)
    work.session.flush()
    note(work, release, "draft")
    return release


def change(work: Work, release_id: UUID, **parts: Any) -> Release:
    """Change parts of a draft. Raises Refused in another state; as `draft` otherwise."""
    release = find_release(work, release_id, BUILD)
    release.state = rules.after(release.state, Step.CHANGE)
    _set(work, release, Draft(**{**vars(as_drafted(release)), **parts}))
    note(work, release, Step.CHANGE)
    return release


def discard(work: Work, release_id: UUID) -> Release:
    """Give a release up before it goes out. Raises Refused in another state."""
    release = find_release(work, release_id, BUILD)
    take_turns(work, release)
    release.state = rules.after(release.state, Step.DISCARD)
    note(work, release, Step.DISCARD)
    return release


def as_drafted(release: Release) -> Draft:
    """Return what a release was drafted to be."""
    return Draft(
        release.year,
        release.profile,
        tuple(Recipient(**row) for row in release.recipients),
        release.years,
        tuple(release.merged.get("ways", ())),
        tuple(Known(r["table"], tuple(r["key"]), r["source"]) for r in release.known),
        release.note,
        tuple(Asked(r["population"], tuple(r["by"])) for r in release.asked or ()),
    )


def note(work: Work, release: Release, kind: str, remark: str = "", **detail: Any) -> None:
    """Write down what befell a release: for the desk, and in the audit log."""
    release.version += 1
    event = ReleaseEvent(
        organisation_id=release.organisation_id,
        release_id=release.id,
        at=work.now,
        by=work.actor.name,
        kind=kind,
        remark=remark,
    )
    work.session.add(event)
    work.session.flush()
    work.audit(
        f"statistics:release:{kind}",
        ("releases", release.id),
        release.organisation_id,
        year=release.year,
        years=release.years,
        profile=release.profile,
        **detail,
    )


def parse_known(text: str, tables: YearTables) -> tuple[Known, ...]:
    """Read known counts, one a line: table, codes joined by /, where and when it was published.

    An empty code or `total` is a margin. Raises Invalid, naming the line.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        table, codes, source = ([part.strip() for part in line.split(",", 2)] + ["", ""])[:3]
        definition = next((t for t in tables.tables if t.code == table), None)
        key = tuple(part.strip() or TOTAL for part in codes.split("/"))
        if definition is None or len(key) != len(definition.by):
            raise Invalid({"known": f"Line {number}: no table of that name and shape"})
        if any(c not in (TOTAL, *tables.codes(n)) for n, c in zip(definition.by, key, strict=True)):
            raise Invalid({"known": f"Line {number}: the table has no such row"})
        if not source:
            raise Invalid({"known": f"Line {number}: say where and when it was published"})
        found.append(Known(table, key, source))
    return tuple(found)


def _set(work: Work, release: Release, wanted: Draft) -> None:
    """Check what was chosen, and keep it."""
    chosen = profile(wanted.profile)
    check_floor(chosen)
    rules.check_recipients(wanted.recipients, chosen.audiences)
    rules.check_note(wanted.note)
    subject = whose.subject_of(work.session, release.organisation_id)
    pool = pooled_years(wanted.year, wanted.years, subject)
    _, last = year_days(wanted.year)
    if work.today <= last:
        raise Refused(f"The year {wanted.year} has not ended: a release cannot be changed later.")
    places = organisations.with_predecessors(work.session, release.organisation_id)
    absent = SOURCES[subject].absent(work.session, places, pool)
    tables = with_asked(year_tables(wanted.year, counts=subject), wanted.asked)
    tables, _ = coarsened(tables, wanted.ways, absent)
    for each in wanted.known:
        parse_known(f"{each.table},{'/'.join(each.key)},{each.source}", tables)
    for recipient in wanted.recipients:
        if recipient.board:
            organisations.by_slug(work.session, recipient.board)
    release.year, release.years, release.profile = wanted.year, wanted.years, chosen.id
    release.edition = tables.definitions.edition
    release.recipients = [asdict(each) for each in wanted.recipients]
    release.known = [{**asdict(each), "key": list(each.key)} for each in wanted.known]
    release.merged = {"ways": list(wanted.ways)} | ({"absent": absent} if absent else {})
    release.asked = [{**asdict(each), "by": list(each.by)} for each in wanted.asked] or None
    release.note, release.reason = wanted.note.strip(), ""
