"""Releases as people find, read and download them. What leaves the register is these alone."""

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

from sqlmodel import col, select

from cdop.errors import NotFound, Unsafe
from cdop.organisations import queries as organisations
from cdop.security.actor import everywhere
from cdop.security.work import Work
from cdop.statistics.asked import Asked
from cdop.statistics.models import WITHOUT_FILE, Release, ReleaseEvent
from cdop.statistics.package import package_name
from cdop.statistics.protecting import Cells
from cdop.statistics.rules import ON_THE_WAY, State, check_out
from cdop.statistics.year_tables import years_to

BUILD = "statistics:release:build"
READ = "statistics:release:read"
APPROVE = "statistics:release:approve"
DEFAULT_PROFILE = "partner-1to4"


def find_release(work: Work, release_id: UUID, permission: str = READ) -> Release:
    """Return a release in any state. Raises Denied; NotFound when absent or out of scope."""
    work.check(permission)
    found = work.session.get(Release, release_id, options=[WITHOUT_FILE])
    if found is None or not work.actor.may(permission, found.organisation_id):
        raise NotFound(("releases", release_id), permission)
    return found


def get_release(work: Work, release_id: UUID) -> Release:
    """Return a release. Raises Denied; NotFound when absent or out of scope."""
    return find_release(work, release_id, READ)


def releases(work: Work, cdop_ids: Iterable[UUID]) -> dict[tuple[UUID, str], Release]:
    """Return the release to open of each year of some panels, by panel and year.

    That is the newest that is out; where none is, the newest on its way.
    """
    yearly = [each for each in ledger(work, cdop_ids) if each.years == 1 and not each.asked]
    coming = [each for each in yearly if each.state in ON_THE_WAY]
    out = [each for each in yearly if each.state == State.RELEASED]
    return {(each.organisation_id, each.year): each for each in reversed([*out, *coming])}


def ledger(work: Work, cdop_ids: Iterable[UUID] | None = None) -> list[Release]:
    """Return every release that the actor may read, in any state, the newest first."""
    work.check(READ)
    query = select(Release).options(WITHOUT_FILE)
    if cdop_ids is not None:
        query = query.where(col(Release.organisation_id).in_(list(cdop_ids)))
    if not everywhere(work.actor):
        query = query.where(col(Release.organisation_id).in_(work.actor.scope(READ)))
    latest_first = (col(Release.drafted_at).desc(), col(Release.id).desc())
    return list(work.session.exec(query.order_by(*latest_first)))


def events(work: Work, release: Release) -> list[ReleaseEvent]:
    """Return what befell a release, in order; the caller has found it within scope."""
    query = select(ReleaseEvent).where(ReleaseEvent.release_id == release.id)
    return list(work.session.exec(query.order_by(col(ReleaseEvent.at), col(ReleaseEvent.id))))


def last_steps(work: Work, found: Iterable[Release]) -> dict[UUID, ReleaseEvent]:
    """Return the last thing done to each release, downloads apart; the caller has found them."""
    ids = [each.id for each in found]
    query = select(ReleaseEvent).where(
        col(ReleaseEvent.release_id).in_(ids), ReleaseEvent.kind != "download"
    )
    rows = work.session.exec(query.order_by(col(ReleaseEvent.at), col(ReleaseEvent.id)))
    return {each.release_id: each for each in rows}


def package_bytes(work: Work, release_id: UUID) -> tuple[str, bytes]:
    """Return a release's file name and content for downloading; who did is kept on the desk.

    Raises Denied, NotFound; Refused unless it is out; Unsafe when it is not what was stored.
    """
    found = get_release(work, release_id)
    check_out(found.state)
    if found.package is None or sha256(found.package).hexdigest() != found.digest:
        raise Unsafe("The stored release was changed outside the register: it does not leave it.")
    cdop = organisations.get(work.session, found.organisation_id)
    note_download(work, found)
    work.audit(
        READ, ("releases", found.id), found.organisation_id, year=found.year, digest=found.digest
    )
    return file_name(cdop.slug, found), found.package


def file_name(slug: str, release: Release) -> str:
    """Return the name of a release's package. It holds no count."""
    asked = [Asked(each["population"], tuple(each["by"])).code for each in release.asked or ()]
    years = years_to(release.year, release.years)
    period = years[0] if len(years) == 1 else f"{years[0]}-to-{years[-1]}"
    return package_name(slug, period, release.profile, asked)


def note_download(work: Work, release: Release, remark: str = "") -> None:
    """Keep on the desk who took a release, or a part of it."""
    event = ReleaseEvent(
        organisation_id=release.organisation_id,
        release_id=release.id,
        at=work.now,
        by=work.actor.name,
        kind="download",
        remark=remark,
    )
    work.session.add(event)


def shown_cells(release: Release) -> Cells:
    """Return what a release shows, as it was frozen: None for each hidden count."""
    return {(table, tuple(key)): shown for table, key, shown in release.ledger["cells"]}
