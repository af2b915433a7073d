"""What the ledger of releases holds: which were made of the same records, and what each told."""

import json
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import pandas as pd
from sqlmodel import col, select

from cdop.errors import Refused
from cdop.organisations import queries as organisations
from cdop.organisations.models import Organisation
from cdop.security.work import Work
from cdop.statistics import whose
from cdop.statistics.asked import Asked, with_asked
from cdop.statistics.coarsening import coarsened
from cdop.statistics.disclosure import Profile
from cdop.statistics.disclosure.profiles import Others
from cdop.statistics.disclosure.system import Place
from cdop.statistics.gathering import Attendances, attendance
from cdop.statistics.kinds import Counted
from cdop.statistics.linking import Told
from cdop.statistics.marking import marks
from cdop.statistics.models import WITHOUT_FILE, Release
from cdop.statistics.protecting import Cells
from cdop.statistics.rules import EVER_OUT
from cdop.statistics.subjects import REFERRALS
from cdop.statistics.year_tables import YearTables, year_tables, years_to

_ALIKE = ("year", "years", "merged", "asked", "profile")  # of two editions of one release


def releases_before(work: Work, release: Release) -> list[Release]:
    """Return the releases ever made of the same records as this one, the first one first.

    Those withdrawn are among them: whoever kept one still has it. So are those of the panels or
    groups of the same line. Records of other years are the same where a subject is `linked`. The
    caller checks the permission.
    """
    query = select(Release).where(col(Release.state).in_(EVER_OUT), col(Release.id) != release.id)
    query = query.order_by(col(Release.approved_at), col(Release.id)).options(WITHOUT_FILE)
    out = list(work.session.exec(query))
    years = set(years_to(release.year, release.years))
    if whose.subject_of(work.session, release.organisation_id) == REFERRALS.code:
        years.update(*(years_to(each.year, each.years) for each in out))
    of_years = [each for each in out if years & set(years_to(each.year, each.years))]
    line = _line(work, release.organisation_id, {each.organisation_id for each in of_years})
    return [each for each in of_years if each.organisation_id in line]


def _line(work: Work, of: UUID, others: Collection[UUID]) -> set[UUID]:
    """Return an organisation, and those of some others that count records of its by any way round.

    Two panels whose place a third took count none of each other's; but the third counts both.
    """
    reach = {each: organisations.with_predecessors(work.session, each) for each in {of, *others}}
    found, fresh = set[UUID](), {of}
    while fresh:
        found |= fresh
        counted = set[UUID]().union(*(reach[each] for each in found))
        fresh = {each for each in reach if each not in found and reach[each] & counted}
    return found


def held_against(work: Work, release: Release) -> list[Release]:
    """Return the releases that one was proved against, as its proof found them, the first first.

    Some may be of panels out of the actor's reach: the caller shows none of theirs.
    """
    ids = [UUID(id) for id in release.against]
    query = select(Release).where(col(Release.id).in_(ids)).options(WITHOUT_FILE)
    return sorted(work.session.exec(query), key=lambda found: ids.index(found.id))


def marks_of(work: Work, release: Release, shown: Cells) -> Mapping[Place, str]:
    """Return the marks of the counts that a release shows, as they are in its package."""
    tables, _ = tables_of(release)
    years = years_to(release.year, release.years)
    before = printed_before(held_against(work, release), release)
    return marks(tables, years, release.drafted_at.date(), shown, before)


def told(release: Release) -> Told:
    """Return what an earlier release told. Raises Refused for one whose rows were not kept."""
    if not release.snapshot:
        raise Refused(
            "An earlier release of these cases was made before the register kept what was counted:"
            " nothing can be proved of the two together."
        )
    bounds: Mapping[tuple[str, tuple[str, ...]], tuple[int, int | None]] = {
        (table, tuple(key)): (low, high) for table, key, low, high in release.ledger["bounds"]
    }
    return Told(str(release.id), counted(release, frozen(release)), bounds)


def counted(release: Release, records: pd.DataFrame) -> Counted:
    """Return rows as this release counts them."""
    tables, merged = tables_of(release)
    return Counted(records, tables, years_to(release.year, release.years), merged)


def tables_of(release: Release) -> tuple[YearTables, Mapping[str, Mapping[str, str]]]:
    """Return a release's tables, and for each column that it merged its codes' groups."""
    asked = [Asked(each["population"], tuple(each["by"])) for each in release.asked or ()]
    tables = with_asked(year_tables(release.year, release.edition or None), asked)
    return coarsened(tables, release.merged.get("ways", ()), release.merged.get("absent", {}))


def printed_before(before: Sequence[Release], release: Release) -> Cells:
    """Return what the edition before printed of these years under this profile, if there is one."""
    for each in reversed(before):
        if all(getattr(each, name) == getattr(release, name) for name in _ALIKE):
            return {(t, tuple(key)): shown for t, key, shown in each.ledger["cells"]}
    return {}


def to_repeat(printed: Cells, chosen: Profile) -> Mapping[Place, int]:
    """Return rounded numbers of the edition before, to be repeated if they fit."""
    if chosen.others != Others.CONTROLLED:
        return {}
    return {place: number for place, number in printed.items() if number is not None}


def attendance_of(work: Work, release: Release) -> Attendances | None:
    """Return who attended in a release's years: now, or as it was when the release was built.

    None for a release of tables that were asked for: it answers that question alone.
    """
    if release.asked:
        return None
    if not release.ledger:
        return attendance(work, release.organisation_id, release.year, release.years)
    kept = release.ledger.get("attendance")
    if kept is None:
        return None
    agencies = tuple((code, label, tuple(counts)) for code, label, counts in kept["agencies"])
    return Attendances(kept["meetings"], tuple(map(tuple, kept["states"])), agencies)


def snapshot_of(records: pd.DataFrame) -> str:
    """Write coded rows as text, the same for the same rows in any order."""
    ordered = records.sort_index()
    rows = [[str(id), *row] for id, row in zip(ordered.index, _rows(ordered), strict=True)]
    content = {"columns": list(ordered.columns), "rows": rows}
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def frozen(release: Release) -> pd.DataFrame:
    """Return the rows that a release was made of."""
    tables, _ = tables_of(release)
    return rows_of(release.snapshot, tables.definitions.subject.populations)


def rows_of(snapshot: str, populations: Sequence[str]) -> pd.DataFrame:
    """Read the rows that a snapshot holds."""
    content = json.loads(snapshot)
    index = pd.Index([row[0] for row in content["rows"]], name="id", dtype=object)
    rows = [row[1:] for row in content["rows"]]
    found = pd.DataFrame(rows, columns=content["columns"], index=index, dtype=object)
    for population in populations:
        found[population] = found[population].astype(bool)
    return found


def wait_for_others(work: Work, organisation_id: UUID) -> None:
    """Let whoever releases the records of this line store one after the other."""
    releasing = set(work.session.exec(select(Release.organisation_id).distinct()))
    line = _line(work, organisation_id, releasing)
    line |= organisations.with_predecessors(work.session, organisation_id)
    query = select(Organisation).where(col(Organisation.id).in_(line))
    work.session.exec(query.order_by(col(Organisation.id)).with_for_update()).all()


def take_turns(work: Work, release: Release) -> None:
    """Wait for others as `wait_for_others`, and look again at what they made of this release."""
    wait_for_others(work, release.organisation_id)
    work.session.refresh(release)


def _rows(records: pd.DataFrame) -> list[list[object]]:
    columns = [
        [
            None if pd.isna(v) else bool(v) if records[name].dtype == bool else str(v)
            for v in records[name]
        ]
        for name in records.columns
    ]
    return [list(row) for row in zip(*columns, strict=True)]
