"""Building a release: counted, protected, attacked, packed and frozen; then a second person's turn.

The solver works between two short units of work, so that nobody waits for it to write; the second
stores what was proved only if what was counted in the first still stands.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from uuid import UUID

from sqlmodel import col, select

from cdop.errors import Refused, Unsafe
from cdop.organisations import queries as organisations
from cdop.reference_files.service import Denominator
from cdop.security.actor import Actor
from cdop.security.signing import newest, signer
from cdop.security.work import Register, Work
from cdop.statistics import counting, rules, whose
from cdop.statistics.denominators import denominators
from cdop.statistics.disclosure import Profile, profile
from cdop.statistics.disclosure.asking import OnStep
from cdop.statistics.drafting import Draft, as_drafted, note
from cdop.statistics.earlier import (
    attendance_of,
    counted,
    frozen,
    held_against,
    printed_before,
    releases_before,
    snapshot_of,
    to_repeat,
    told,
    wait_for_others,
)
from cdop.statistics.gathering import Attendances
from cdop.statistics.kinds import Counted
from cdop.statistics.marking import marks
from cdop.statistics.models import Release
from cdop.statistics.package import SIGNS, Package, write_package
from cdop.statistics.protecting import Cells, Protected, Wish, protect_release
from cdop.statistics.readers import Knowledge
from cdop.statistics.records import SOURCES
from cdop.statistics.releasing import BUILD, find_release
from cdop.statistics.rules import Step
from cdop.statistics.year_tables import year_days


@dataclass(frozen=True)
class Prepared:
    """What a release is built of, as it was found in one unit of work.

    `signed_by` is the version of the key that signs it.
    """

    release: Release
    counted: Counted
    profile: Profile
    wish: Wish
    against: tuple[str, ...]
    printed: Cells
    slug: str
    name: str
    denominators: Mapping[str, Denominator]
    attendance: Attendances | None
    signed_by: int


def build(
    register: Register, actor: Actor, release_id: UUID, on_step: OnStep | None = None
) -> Release:
    """Protect and prove a draft; it then waits for a second person.

    Takes seconds, during which no transaction is open; `on_step` is told of progress and may raise
    to end it. Raises Unsafe, kept with its reason, when there is no proof that the release could
    not be undone; Refused when the register changed meanwhile or the state does not allow it;
    Denied without the permission at that panel.
    """
    tell = on_step or (lambda _: None)
    tell(("Counting", 0, 0))
    with register.reading(actor) as work:
        release = find_release(work, release_id, BUILD)
        rules.after(release.state, Step.PROVE)
        prepared = prepare(work, release)
    try:
        protected = protected_as(register, prepared, on_step)
    except Unsafe as unsafe:
        register.do(actor, _refuse, release_id, str(unsafe))
        raise
    tell(("Drawing, printing and signing the file", 0, 0))
    return register.do(actor, _keep, prepared, protected, *pack(register, prepared, protected))


def protected_as(register: Register, of: Prepared, on_step: OnStep | None = None) -> Protected:
    """Protect and prove what was prepared, within the time that this register allows.

    Takes seconds or minutes: hold no transaction. Raises Unsafe, Refused as `protect_release`.
    """
    wish = replace(of.wish, on_step=on_step, seconds=register.settings.proof_seconds)
    return protect_release(of.counted, of.profile, wish)


def built_already(work: Work, organisation_id: UUID, wanted: Draft) -> Release | None:
    """Return a release like the one wanted that stands proved or out, if nothing has changed since.

    Building the same twice must not make two releases of it.
    """
    work.check(BUILD, organisation_id)
    subject = whose.subject_of(work.session, organisation_id)
    records = counting.counts(work, organisation_id, wanted.year, wanted.years, subject)
    now = counting.digest(records)
    query = select(Release).where(
        Release.organisation_id == organisation_id,
        Release.year == wanted.year,
        col(Release.state).in_((rules.State.PROVED, rules.State.RELEASED)),
    )
    for found in work.session.exec(query.order_by(col(Release.drafted_at).desc())):
        if as_drafted(found) == wanted and found.ledger["snapshot"] == now:
            return found
    return None


def prepare(work: Work, release: Release) -> Prepared:
    """Return what a release is to be built of. Raises Refused, Invalid for what cannot be."""
    subject = whose.subject_of(work.session, release.organisation_id)
    records = counting.counts(work, release.organisation_id, release.year, release.years, subject)
    before = releases_before(work, release)
    return _prepared(work, release, counted(release, records), before, _boards(work, release))


def prepare_again(work: Work, release: Release) -> Prepared:
    """Return what a release was built of, from what was frozen then. Raises Refused, Unsafe."""
    if not release.snapshot:
        raise Refused("This release has no frozen rows to be built again from.")
    of = counted(release, frozen(release))
    if counting.digest(of.records) != release.ledger["snapshot"]:
        raise Unsafe("The frozen rows of this release were changed outside the register.")
    return _prepared(work, release, of, held_against(work, release), release.ledger["boards"])


def _prepared(
    work: Work,
    release: Release,
    of: Counted,
    before: Sequence[Release],
    boards: Mapping[str, Sequence[str]],
) -> Prepared:
    chosen, printed = profile(release.profile), printed_before(before, release)
    margins = tuple((known.table, known.key) for known in as_drafted(release).known)
    wish = Wish(
        before=[told(each) for each in before],
        knowledge=Knowledge(boards, margins),
        keep=to_repeat(printed, chosen),
        seed=_seed(work, release),
    )
    place = organisations.get(work.session, release.organisation_id)
    known = release.ledger.get("denominators")
    under = {code: Denominator(**each) for code, each in (known or {}).items()}
    return Prepared(
        release,
        of,
        chosen,
        wish,
        tuple(str(each.id) for each in before),
        printed,
        place.slug,
        organisations.name_on(work.session, place.id, year_days(release.year)[1]),
        denominators(work.session, place.id, of.tables, release.years) if known is None else under,
        attendance_of(work, release),
        release.ledger.get("signed_by", 1) if release.ledger else newest(work.vault.ring),
    )


def pack(register: Register, of: Prepared, protected: Protected) -> tuple[bytes, str]:
    """Return the package of a release, and the keyed digest of its proof.

    Drawing and printing take seconds: hold no transaction.
    """
    # Nobody without the register's keys can try out counts until the digest fits.
    ring = register.vault.ring
    key = ring.anchored("statistics:certificate")
    certificate = hmac.new(key, protected.proof.encode(), sha256).hexdigest()
    content = Package(
        of.slug,
        of.name,
        of.counted.tables,
        protected,
        certificate,
        of.denominators,
        of.release.years,
        of.release.note,
        marks(
            of.counted.tables,
            of.counted.years,
            of.release.drafted_at.date(),
            protected.cells,
            of.printed,
        ),
        of.attendance,
    )
    sign = signer(ring, SIGNS, of.release.organisation_id, of.signed_by).sign
    return write_package(content, sign), certificate


def _keep(
    work: Work, before: Prepared, protected: Protected, content: bytes, certificate: str
) -> Release:
    """Keep a proved release, if what was counted still stands and nobody was faster."""
    wait_for_others(work, before.release.organisation_id)
    release = find_release(work, before.release.id, BUILD)
    if release.version != before.release.version:
        raise Refused("Somebody else changed or built this release meanwhile. Open it again.")
    state = rules.after(release.state, Step.PROVE)
    now = prepare(work, release)
    if counting.digest(now.counted.records) != counting.digest(before.counted.records):
        raise Refused(
            "A case of this year was changed while the release was built. Build it again."
        )
    rules.check_unchanged_ledger(before.against, now.against)
    release.reason, release.against = "", list(before.against)
    release.built_at, release.built_by = work.now, work.actor.name
    release.package, release.digest = content, sha256(content).hexdigest()
    release.certificate = certificate
    release.snapshot = snapshot_of(before.counted.records)
    release.ledger = {
        "snapshot": counting.digest(before.counted.records),
        "profile_edition": protected.profile.edition,
        "attackers": list(protected.attackers),
        "smallest_width": protected.smallest_width,
        "reach": protected.reach,
        "signed_by": before.signed_by,
        "denominators": {code: vars(each) for code, each in before.denominators.items()},
        "attendance": None if before.attendance is None else asdict(before.attendance),
        "boards": {slug: list(ids) for slug, ids in before.wish.knowledge.boards.items()},
        "cells": [[table, list(key), shown] for (table, key), shown in protected.cells.items()],
        "bounds": [[table, list(key), *low] for (table, key), low in protected.bounds.items()],
    }
    release.state = state
    note(work, release, Step.PROVE, digest=release.digest)
    return release


def _refuse(work: Work, release_id: UUID, reason: str) -> None:
    release = find_release(work, release_id, BUILD)
    release.state = rules.after(release.state, Step.REFUSE)
    release.reason = reason
    note(work, release, Step.REFUSE, outcome="failed")


def _boards(work: Work, release: Release) -> Mapping[str, list[str]]:
    """Return the records that each recipient within the register knows already."""
    slugs = sorted({each.board for each in as_drafted(release).recipients if each.board})
    known = SOURCES[whose.subject_of(work.session, release.organisation_id)].known_to
    return {slug: known(work, organisations.by_slug(work.session, slug)) for slug in slugs}


def _seed(work: Work, release: Release) -> int:
    """Return which way counts are rounded: the same for the same years, unknown to any reader."""
    key = work.vault.ring.anchored("statistics:rounding")
    text = f"{release.organisation_id}|{release.year}|{release.years}|{release.profile}"
    return int.from_bytes(hmac.new(key, text.encode(), sha256).digest()[:6], "big")
