"""Invented organisations, people and deaths for tests. Nobody here lives or died."""

from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from sqlmodel import select

from cdop.deaths.commands import Child, NewNotification
from cdop.deaths.documents import Circumstances, Identity, Names, Notifier
from cdop.organisations import people
from cdop.organisations.models import Account, BoardKind, Kind, Membership, Organisation
from cdop.organisations.service import found
from cdop.reference import nhs_numbers
from cdop.security.actor import Actor, system
from cdop.security.permissions import Role
from cdop.security.work import Register, Work

MAKER = system("tests")
FOUNDED = date(2006, 4, 1)


@dataclass
class Herefordshire:
    """A county: its organisations by slug, and an actor for each role.

    `actors` has the roles' names, offices for decision makers, and `neighbour` (a coordinator of
    Worcestershire's panel).
    """

    register: Register
    ids: dict[str, UUID] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)

    def __getitem__(self, slug: str) -> UUID:
        return self.ids[slug]


# By the id of its area: what was founded in a register, and is in every copy of that.
_FOUNDED: dict[UUID, Herefordshire] = {}


def herefordshire(register: Register) -> Herefordshire:
    """Found Herefordshire (panel, three boards, a joint case review group) and a neighbour.

    A copy of a register in which this process founded it has it already, which takes no time.
    """
    county = Herefordshire(register)
    with register.work(MAKER) as work:
        of_it = select(Organisation.id).where(Organisation.slug == "herefordshire-area")
        if there := work.session.exec(of_it).one_or_none():
            known = _FOUNDED[there]
            return replace(county, ids=dict(known.ids), actors=dict(known.actors))
        for name in ("herefordshire", "worcestershire"):
            _found_county(work, county, name)
        _appoint(work, county)
    _FOUNDED[county["herefordshire-area"]] = county
    return county


def _found_county(work: Work, county: Herefordshire, name: str) -> None:
    title, ids = name.title(), county.ids
    ids[f"{name}-area"] = found(work, f"{name}-area", Kind.AREA, title, FOUNDED)
    area = ids[f"{name}-area"]
    boards = []
    for slug, kind, label in (
        (name, BoardKind.CHILDREN, "Safeguarding Children Board"),
        (f"{name}-adults", BoardKind.ADULTS, "Safeguarding Adults Board"),
        (f"{name}-csp", BoardKind.COMMUNITY_SAFETY, "Community Safety Partnership"),
    ):
        ids[slug] = found(
            work, slug, Kind.BOARD, f"{title} {label}", FOUNDED, board_kind=kind, serves=[area]
        )
        boards.append(ids[slug])
    ids[f"{name}-cdop"] = found(
        work, f"{name}-cdop", Kind.CDOP, f"{title} CDOP", FOUNDED, serves=[area, ids[name]]
    )
    ids[f"{name}-jcr"] = found(
        work, f"{name}-jcr", Kind.GROUP, f"{title} Joint Case Review group", FOUNDED, serves=boards
    )


def _appoint(work: Work, county: Herefordshire) -> None:
    for key, role, at, office in (
        ("notifier", Role.NOTIFIER, "herefordshire-cdop", None),
        ("coordinator", Role.COORDINATOR, "herefordshire-cdop", None),
        ("designated-doctor", Role.DESIGNATED_DOCTOR, "herefordshire-cdop", None),
        ("lead-health-professional", Role.LEAD_HEALTH_PROFESSIONAL, "herefordshire-cdop", None),
        ("cdrm-chair", Role.CDRM_CHAIR, "herefordshire-cdop", None),
        ("key-worker", Role.KEY_WORKER, "herefordshire-cdop", None),
        ("panel-chair", Role.PANEL_CHAIR, "herefordshire-cdop", None),
        ("panel-member", Role.PANEL_MEMBER, "herefordshire-cdop", None),
        ("jcr-administrator", Role.JCR_ADMINISTRATOR, "herefordshire-jcr", None),
        ("jcr-member", Role.JCR_MEMBER, "herefordshire-jcr", None),
        ("children-chair", Role.DECISION_MAKER, "herefordshire", "children-chair"),
        ("adults-chair", Role.DECISION_MAKER, "herefordshire-adults", "adults-chair"),
        ("hpeg-chair", Role.DECISION_MAKER, "herefordshire-csp", "hpeg-chair"),
        (
            "partner-local-authority",
            Role.DECISION_MAKER,
            "herefordshire",
            "partner-local-authority",
        ),
        ("partner-health", Role.DECISION_MAKER, "herefordshire", "partner-health"),
        ("partner-police", Role.DECISION_MAKER, "herefordshire", "partner-police"),
        ("analyst", Role.ANALYST, "herefordshire-cdop", None),
        ("release-approver", Role.RELEASE_APPROVER, "herefordshire-cdop", None),
        ("administrator", Role.ADMINISTRATOR, None, None),
        ("auditor", Role.AUDITOR, None, None),
        ("caldicott-guardian", Role.CALDICOTT_GUARDIAN, "herefordshire-cdop", None),
        ("neighbour", Role.COORDINATOR, "worcestershire-cdop", None),
    ):
        account = appoint(work, key, role, county.ids[at] if at else None, office)
        if key in ("analyst", "caldicott-guardian"):
            appoint(work, key, role, county.ids["herefordshire-jcr"])
        county.actors[key] = people.actor_of(work.session, account, work.now)


def appoint(
    work: Work, username: str, role: Role, at: UUID | None, office: str | None = None
) -> Account:
    """Give a person a role from the beginning; makes the account (with no password) when new."""
    account = work.session.exec(select(Account).where(Account.username == username)).one_or_none()
    if account is None:
        account = Account(
            username=username,
            display_name=username.replace("-", " ").title(),
            password_hash="none: this account cannot sign in",
            created_at=work.now,
        )
        work.session.add(account)
        work.session.flush()
    work.session.add(
        Membership(
            account_id=account.id, role=role, organisation_id=at, office=office, valid_from=FOUNDED
        )
    )
    work.session.flush()
    return account


def child(
    seed: int = 1,
    *,
    given: str = "Example",
    family: str = "Testchild",
    born_on: date = date(2026, 3, 1),
    died_on: date = date(2026, 11, 10),
    sex: str = "female",
    nhs_number: str | None = None,
    residence_area_id: UUID | None = None,
) -> Child:
    """Return an invented child; `seed` chooses the NHS number, unless one is given (or "")."""
    number = nhs_numbers.invented(seed) if nhs_number is None else nhs_number
    return Child(
        names=Names(given=given, family=family),
        identity=Identity(
            nhs_number=number,
            nhs_number_answer="" if number else "not-known",
            born_on=born_on,
            died_on=died_on,
            address="1 Invented Street",
            postcode="ZZ1 1AA",
        ),
        sex=sex,
        ethnicity="A",
        expected="unexpected",
        place_of_death="home",
        residence_area_id=residence_area_id,
    )


def told(cdop_id: UUID, of: Child | None = None) -> NewNotification:
    """Return a notification of an invented death to a panel."""
    return NewNotification(
        cdop_id=cdop_id,
        child=of or child(),
        circumstances=Circumstances(narrative="An invented account of what happened."),
        notifier=Notifier(name="Invented Notifier", role="Consultant", agency="hospital"),
    )
