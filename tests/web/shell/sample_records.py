"""One record of each kind in each of two counties, for tests of what each role reaches."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from sqlmodel import select

from cdop.break_glass.service import break_glass
from cdop.case_reviews.commands import NewReferral
from cdop.case_reviews.models import CaseReview, Concern, Subject
from cdop.case_reviews.service import refer
from cdop.deaths.service import notify, write_summary
from cdop.deaths.service.assigning import assign
from cdop.meetings.service import NewMeeting, arrange, put_on_agenda
from cdop.organisations import people, sessions
from cdop.organisations.models import Membership, Method, SignIn
from cdop.retention.holds import set_hold
from cdop.retention.models import Erasure
from cdop.retention.rights.models import Asked
from cdop.retention.rights.service import NewRequest, record
from cdop.security.permissions import Role
from cdop.security.work import Register, Work
from cdop.statistics import tokens
from cdop.statistics.archive import pack
from cdop.statistics.drafting import Draft, draft
from cdop.statistics.models import Release
from cdop.statistics.rules import Recipient
from tests.factories import MAKER, Herefordshire, appoint, child, told

CANARY = "Worcestercanary"
OURS, THEIRS = "herefordshire", "worcestershire"
SAID = {OURS: "told of ours", THEIRS: "Severncanary"}
CANARIES = (CANARY, SAID[THEIRS])
_FILES = {
    "datapackage.json": b'{"title": "Invented", "resources": []}',
    "disclosure.json": b'{"profile": "partner-1to4"}',
    "tables/deaths.csv": b"year,count\n2013-14,11\n",
}


@dataclass(frozen=True)
class Record:
    """A record that a route's address names, and the organisations whose people reach it."""

    values: dict[str, str]
    owners: frozenset[str]
    is_ours: bool
    assigned: bool = False


@dataclass
class Samples:
    """Records by the names of a route's parameters, such as `("death_id",)`."""

    records: dict[tuple[str, ...], list[Record]] = field(default_factory=dict)

    def add(self, place: str, owners: tuple[str, ...], *, assigned: bool = False, **ids: object):
        """Add a record of a county; the owners are named without it, `cdop` or `jcr`."""
        slugs = frozenset(f"{place}-{owner}".removesuffix("-") for owner in owners)
        values = {name: str(value) for name, value in ids.items()}
        found = self.records.setdefault(tuple(ids), [])
        found.append(Record(values, slugs, place == OURS, assigned))


def fill(county: Herefordshire) -> Samples:
    """Make a record of each kind in both counties; what is told of theirs holds the canary."""
    samples = Samples()
    for place, word in ((OURS, "Ourword"), (THEIRS, CANARY)):
        _of_panel(county, samples, place, word)
        _of_group(county, samples, place, word)
    return samples


def _of_panel(county: Herefordshire, samples: Samples, place: str, word: str) -> None:
    register, panel = county.register, county[f"{place}-cdop"]
    of = child(1 if place == OURS else 2, given=word, family=word)
    case = register.do(MAKER, notify, told(panel, of)).death_id
    assert case
    register.do(MAKER, write_summary, case, f"An invented summary, {SAID[place]}")
    new = NewMeeting(panel, date(2026, 11, 20), "09:30", f"{word} House")
    meeting = register.do(MAKER, arrange, new)
    register.do(MAKER, put_on_agenda, meeting, ("deaths", case), "")
    register.do(MAKER, set_hold, ("deaths", case), "inquest", f"Because of {word}")
    if place == OURS:
        register.do(MAKER, assign, case, "key-worker")
    owner = ("cdop",)
    samples.add(place, owner, assigned=place == OURS, death_id=case)
    samples.add(place, owner, meeting_id=meeting)
    samples.add(place, owner, kind="deaths", record_id=case)
    samples.add(place, owner, request_id=_request(county, panel, word))
    samples.add(place, owner, erasure_id=register.do(MAKER, propose, panel, case))
    release = _release(register, panel)
    samples.add(place, owner, release_id=release)
    samples.add(place, owner, release_id=release, code="deaths")
    samples.add(place, owner, token_id=register.do(MAKER, _token, f"{place}-cdop"))
    if place == THEIRS:  # or the review of what was opened there would fall to our own
        guardian = f"guardian-of-{place}"
        register.do(MAKER, lambda work: appoint(work, guardian, Role.CALDICOTT_GUARDIAN, panel).id)
    samples.add(place, owner, access_id=_access(county, panel, place, word))
    account, membership = register.do(MAKER, _account, f"person-of-{place}", panel)
    samples.add(place, owner, account_id=account)
    samples.add(place, owner, account_id=account, membership_id=membership)
    deputy = register.do(MAKER, _deputy, account)
    samples.add(place, owner, account_id=account, deputy_id=deputy)
    # Of somebody else's account: nobody's to end or remove.
    samples.add(place, (), session_id=register.do(MAKER, _session, account))
    samples.add(place, (), app_id=uuid4())
    samples.add(place, (), passkey_id=uuid4())
    samples.add(place, (), identity_id=uuid4())
    samples.add(place, (), provider="nobody")  # the register signs nobody in by another's word


def _of_group(county: Herefordshire, samples: Samples, place: str, word: str) -> None:
    register, group = county.register, county[f"{place}-jcr"]
    new = NewReferral(
        county[place],
        "police",
        Subject(name=word, born_on=date(2020, 1, 1)),
        Concern(narrative=f"A concern: {word}", referrer=word),
    )
    referral = register.do(MAKER, refer, new)
    review = register.do(MAKER, _review, referral, group)
    meeting = register.do(MAKER, arrange, NewMeeting(group, date(2026, 11, 27), "", word))
    samples.add(place, ("jcr", ""), referral_id=referral)
    samples.add(place, ("jcr", ""), referral_id=referral, review_id=review)
    samples.add(place, ("jcr",), meeting_id=meeting)
    samples.add(place, ("jcr",), kind="referrals", record_id=referral)
    samples.add(place, ("jcr",), request_id=_request(county, group, word))


def _request(county: Herefordshire, at: UUID, word: str) -> UUID:
    asked = Asked(name=word, text=f"Asked by {word}")
    new = NewRequest(at, "access", "parent", date(2026, 11, 1), asked)
    return county.register.do(MAKER, record, new)


def _review(work: Work, referral: UUID, group: UUID) -> UUID:
    row = CaseReview(
        organisation_id=group,
        referral_id=referral,
        review_kind="rapid-review",
        started_on=work.today,
    )
    work.session.add(row)
    return row.id


def _token(work: Work, slug: str) -> UUID:
    return tokens.make(work, slug, "A program", 30)[0].id


def _account(work: Work, name: str, panel: UUID) -> tuple[UUID, UUID]:
    account = appoint(work, name, Role.NOTIFIER, panel).id
    query = select(Membership.id).where(Membership.account_id == account)
    return account, work.session.exec(query).one()


def _deputy(work: Work, account: UUID) -> UUID:
    query = select(Membership.id).where(Membership.account_id != account)
    colleague = work.session.exec(query).first()
    assert colleague
    return people.add_deputy(work, account, colleague, work.today, work.today)


def _session(work: Work, account: UUID) -> UUID:
    sessions.start(work, account, f"{account}", method=Method.TOTP)
    return work.session.exec(select(SignIn.id).where(SignIn.account_id == account)).one()


def propose(work: Work, panel: UUID, case: UUID, by: str = "somebody") -> UUID:
    """Propose to erase a case, which is not due: what a page shows of it asks for no more."""
    row = Erasure(
        organisation_id=panel,
        kind="death-case",
        record_kind="deaths",
        record_id=case,
        reference="CD-2026-0001",
        counts_from=work.today,
        years=20,
        proposed_at=work.now,
        proposed_by=by,
    )
    work.session.add(row)
    return row.id


def _release(register: Register, panel: UUID) -> UUID:
    """Release a year with a package of a few files: how one is built and proved costs seconds."""
    wanted = Draft("2013-14", "partner-1to4", (Recipient("Invented team"),))
    id, package = register.do(MAKER, draft, panel, wanted).id, pack(_FILES, None)
    with register.work(MAKER) as work:
        row = work.session.get_one(Release, id)
        row.package, row.digest = package, sha256(package).hexdigest()
        row.state, row.approved_by, row.approved_at = "released", "somebody else", work.now
        row.built_by, row.built_at = "somebody", work.now
    return id


def _access(county: Herefordshire, panel: UUID, place: str, word: str) -> UUID:
    """Let somebody of the other county break the glass, an hour and more ago."""
    register, name = county.register, f"visitor-of-{place}"
    home = county[f"{THEIRS if place == OURS else OURS}-cdop"]
    register.do(MAKER, lambda work: appoint(work, name, Role.COORDINATOR, home).id)
    now = register.clock.now()
    register.clock.at = now - timedelta(hours=2)  # type: ignore[attr-defined]
    with register.reading(MAKER) as work:
        visitor = people.actor_by_username(work.session, name, work.now)
    access = register.do(visitor, break_glass, panel, "other", f"Needed for {word}")
    register.clock.at = now  # type: ignore[attr-defined]
    return access
