"""Releases: a panel's year protected, proved and frozen; what leaves the register is these alone.

The solver works between two short units of work, so that nobody waits for it to write; the second
stores the release only if what was counted in the first still stands.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import pandas as pd
from sqlmodel import col, select

from cdop.errors import NotFound, Refused, Unsafe
from cdop.organisations import queries as organisations
from cdop.organisations.models import Organisation
from cdop.security.actor import Actor, everywhere
from cdop.security.signing import signer
from cdop.security.work import Register, Work
from cdop.statistics import counting
from cdop.statistics.definitions import YearTables, year_days, year_tables
from cdop.statistics.denominators import denominators
from cdop.statistics.disclosure import Profile, check_floor, profile, profiles
from cdop.statistics.disclosure.profiles import Others
from cdop.statistics.models import Release
from cdop.statistics.package import SIGNS, Package, package_name, write_package
from cdop.statistics.protecting import Cells, Protected, protect_year

BUILD = "statistics:release:build"
READ = "statistics:release:read"
DEFAULT_PROFILE = "partner-1to4"
_CHANGED = (
    "Deaths of this year were added or corrected after its release. The released figures stay: a "
    "second release of the same year could be held against the first."
)


@dataclass(frozen=True)
class _Counted:
    """What the first unit of work found: the records, and a release of theirs if there is one."""

    cdop: Organisation
    name: str
    records: pd.DataFrame
    release: Release | None


def offered_profiles() -> list[Profile]:
    """Return the profiles that a release may follow: those that round are not printed here yet.

    A package prints exact counts, and the proof of a rounding profile holds for rounded ones only.
    """
    return [each for each in profiles().values() if each.others is Others.EXACT]


def build_release(
    register: Register, actor: Actor, cdop_id: UUID, year: str, profile_id: str = DEFAULT_PROFILE
) -> Release:
    """Build the protected release of a panel's year, once; afterwards return the one there is.

    Takes seconds, during which no transaction is open. Raises Unsafe, audited, when there is no
    proof that the release could not be undone: nothing is stored then. Raises Refused for a year
    that has not ended, one released otherwise or changed since its release; Invalid for an unknown
    year or profile; Denied without the permission at that panel.
    """
    chosen = profile(profile_id)
    check_floor(chosen)
    if chosen not in offered_profiles():
        raise Refused(
            "A release of the register prints exact counts and hides small ones. Profiles that "
            "round are for tables from elsewhere (cdop protect)."
        )
    tables = year_tables(year)
    with register.reading(actor) as work:
        counted = _count(work, cdop_id, year, chosen)
    if counted.release:
        return counted.release
    try:
        protected = protect_year(counted.records, tables, chosen)
    except Unsafe:
        with register.work(actor) as work:
            work.audit(
                BUILD,
                ("organisations", cdop_id),
                cdop_id,
                outcome="failed",
                year=year,
                profile=chosen.id,
            )
        raise
    return register.do(actor, _store, counted, tables, protected)


def latest_release(work: Work, cdop_id: UUID, year: str | None = None) -> Release | None:
    """Return the release of a panel's year, or of its last year that has one; None without any.

    Raises Denied without the permission at that panel.
    """
    work.check(READ, cdop_id)
    query = select(Release).where(Release.organisation_id == cdop_id)
    if year:
        query = query.where(Release.year == year)
    return work.session.exec(query.order_by(col(Release.year).desc())).first()


def get_release(work: Work, release_id: UUID) -> Release:
    """Return a release. Raises Denied; NotFound when absent or out of scope."""
    work.check(READ)
    found = work.session.get(Release, release_id)
    if found is None or not work.actor.may(READ, found.organisation_id):
        raise NotFound(("releases", release_id), READ)
    return found


def releases(work: Work, cdop_ids: Iterable[UUID]) -> dict[tuple[UUID, str], UUID]:
    """Return the ids of the releases of some panels that the actor may read, by panel and year."""
    work.check(READ)
    query = select(Release.organisation_id, Release.year, Release.id).where(
        col(Release.organisation_id).in_(list(cdop_ids))
    )
    if not everywhere(work.actor):
        query = query.where(col(Release.organisation_id).in_(work.actor.scope(READ)))
    return {(panel, year): id for panel, year, id in work.session.exec(query)}


def package_bytes(work: Work, release_id: UUID) -> tuple[str, bytes]:
    """Return a release's file name and content for downloading, audited.

    Raises Denied, NotFound, and Unsafe when it is not what was stored.
    """
    found = get_release(work, release_id)
    if found.package is None or sha256(found.package).hexdigest() != found.digest:
        raise Unsafe("The stored release was changed outside the register: it does not leave it.")
    cdop = organisations.get(work.session, found.organisation_id)
    work.audit(
        READ, ("releases", found.id), found.organisation_id, year=found.year, digest=found.digest
    )
    return package_name(cdop.slug, found.year, found.profile), found.package


def shown_cells(release: Release) -> Cells:
    """Return what a release shows, as it was frozen: None for each hidden count."""
    return {(table, tuple(key)): shown for table, key, shown in release.ledger["cells"]}


def _count(work: Work, cdop_id: UUID, year: str, chosen: Profile) -> _Counted:
    """Count a year, and find the release that it has. Raises Refused where there may be none."""
    work.check(BUILD, cdop_id)
    _, last = year_days(year)
    if work.today <= last:
        raise Refused(f"The year {year} has not ended: a release cannot be changed afterwards.")
    records = counting.counts(work, cdop_id, year)
    cdop = organisations.get(work.session, cdop_id)
    name = organisations.name_on(work.session, cdop_id, last)
    release = _of_year(work, cdop_id, year)
    if release and release.profile != chosen.id:
        raise Refused(
            f"The year {year} was released under another profile ({release.profile}): two releases "
            "of the same deaths could be held against each other."
        )
    if release and release.ledger["snapshot"] != counting.digest(records):
        raise Refused(_CHANGED)
    return _Counted(cdop, name, records, release)


def _of_year(work: Work, cdop_id: UUID, year: str) -> Release | None:
    """Return the release of a panel's year. Raises Refused if another panel's counts its deaths."""
    here = organisations.with_predecessors(work.session, cdop_id)
    for found in work.session.exec(select(Release).where(Release.year == year)):
        if found.organisation_id == cdop_id:
            return found
        if here & organisations.with_predecessors(work.session, found.organisation_id):
            raise Refused(
                f"Deaths of this panel are in a release of {year} by the panel before or after it: "
                "two releases of the same deaths could be held against each other."
            )
    return None


def _wait_for_others(work: Work, cdop_id: UUID) -> None:
    """Let panels of one line, released at the same moment, store one after the other."""
    line = organisations.with_predecessors(work.session, cdop_id)
    query = select(Organisation).where(col(Organisation.id).in_(line))
    work.session.exec(query.order_by(col(Organisation.id)).with_for_update()).all()


def _store(work: Work, before: _Counted, tables: YearTables, protected: Protected) -> Release:
    """Keep a proved release, if what was counted still stands and nobody was faster."""
    year, cdop_id = tables.year, before.cdop.id
    _wait_for_others(work, cdop_id)
    now = _count(work, cdop_id, year, protected.profile)
    if now.release:
        return now.release
    snapshot = counting.digest(before.records)
    if counting.digest(now.records) != snapshot:
        raise Refused(
            "A case of this year was changed while the release was built. Build it again."
        )
    # Nobody without the register's keys can try out counts until the digest fits.
    key = work.vault.ring.anchored("statistics:certificate")
    certificate = hmac.new(key, protected.proof.encode(), sha256).hexdigest()
    known = denominators(work.session, cdop_id, tables)
    content = Package(before.cdop.slug, before.name, tables, protected, certificate, known)
    package = write_package(content, signer(work.vault.ring, SIGNS, cdop_id).sign)
    release = Release(
        organisation_id=cdop_id,
        year=year,
        profile=protected.profile.id,
        edition=tables.definitions.edition,
        state="released",
        drafted_at=work.now,
        drafted_by=work.actor.name,
        built_at=work.now,
        built_by=work.actor.name,
        approved_at=work.now,
        approved_by="system:register",  # until there is a desk
        digest=sha256(package).hexdigest(),
        certificate=certificate,
        ledger={
            "snapshot": snapshot,
            "profile_edition": protected.profile.edition,
            "attackers": list(protected.attackers),
            "smallest_width": protected.smallest_width,
            "cells": [[table, list(key), shown] for (table, key), shown in protected.cells.items()],
        },
        package=package,
    )
    work.session.add(release)
    work.session.flush()
    work.audit(
        BUILD,
        ("releases", release.id),
        cdop_id,
        year=year,
        profile=release.profile,
        digest=release.digest,
    )
    return release
