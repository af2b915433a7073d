"""The accounts of the demonstration: one for each role, with secrets made at that moment."""

from dataclasses import dataclass
from datetime import date

from cdop.demo.places import BEGAN, NEW_ARRANGEMENTS
from cdop.organisations import people
from cdop.organisations.queries import by_slug
from cdop.security import one_time_codes, passwords
from cdop.security.permissions import LABELS, Role
from cdop.security.work import Work
from cdop.sign_in import authenticators
from cdop.sign_in import passwords as password_of


@dataclass(frozen=True)
class Post:
    """An account to make: its role, where (by slugs), office, since when, and what it shows."""

    username: str
    role: Role
    at: tuple[str, ...]
    shows: str
    office: str | None = None
    since: date = BEGAN


@dataclass(frozen=True, repr=False)
class NewAccount:
    """An account just made, with its secrets: to be shown once and kept nowhere.

    `secret` is the seed of its authenticator app, `otpauth` the address by which an app takes it.
    """

    role: str
    username: str
    password: str
    secret: str
    otpauth: str
    shows: str


_PANEL, _GROUP = "herefordshire-cdop", "herefordshire-jcr"
_DECIDES = "referrals that await this office's decision"
_PARTNER = "referrals that the three partners decide together"

POSTS = (
    Post("notifier", Role.NOTIFIER, (_PANEL,), "the way to notify a death"),
    Post("coordinator", Role.COORDINATOR, (_PANEL,), "what is due on each open case"),
    Post("designated-doctor", Role.DESIGNATED_DOCTOR, (_PANEL,), "every case of the panel"),
    Post(
        "lead-health-professional",
        Role.LEAD_HEALTH_PROFESSIONAL,
        (_PANEL,),
        "cases, and what was notified",
    ),
    Post("cdrm-chair", Role.CDRM_CHAIR, (_PANEL,), "cases whose analysis is to be drafted"),
    Post("key-worker", Role.KEY_WORKER, (_PANEL,), "the family assigned, and no other"),
    Post("panel-chair", Role.PANEL_CHAIR, (_PANEL,), "reviews to sign off"),
    Post("panel-member", Role.PANEL_MEMBER, (_PANEL,), "cases to classify, and the next meeting"),
    Post("jcr-administrator", Role.JCR_ADMINISTRATOR, (_GROUP,), "referrals and reviews to record"),
    Post("jcr-member", Role.JCR_MEMBER, (_GROUP,), "referrals that await a recommendation"),
    Post(
        "children-chair",
        Role.DECISION_MAKER,
        ("herefordshire",),
        "referrals of a board whose decisions its partners have taken over since 2019",
        "children-chair",
    ),
    Post("adults-chair", Role.DECISION_MAKER, ("herefordshire-adults",), _DECIDES, "adults-chair"),
    Post(
        "hpeg-chair",
        Role.DECISION_MAKER,
        ("herefordshire-community-safety",),
        _DECIDES,
        "hpeg-chair",
    ),
    *(
        Post(office, Role.DECISION_MAKER, ("herefordshire",), _PARTNER, office, NEW_ARRANGEMENTS)
        for office in ("partner-local-authority", "partner-health", "partner-police")
    ),
    Post("analyst", Role.ANALYST, (_PANEL, _GROUP), "the way to the year's statistics"),
    Post(
        "release-approver",
        Role.RELEASE_APPROVER,
        (_PANEL, _GROUP),
        "releases that wait for a second person",
    ),
    Post(
        "caldicott-guardian",
        Role.CALDICOTT_GUARDIAN,
        (_PANEL, _GROUP),
        "erasures that wait for a second person, and requests about rights",
    ),
    Post("administrator", Role.ADMINISTRATOR, (), "the accounts"),
    Post("auditor", Role.AUDITOR, (), "the latest entries of the audit log"),
    Post(
        "worcestershire-coordinator",
        Role.COORDINATOR,
        ("worcestershire-cdop",),
        "another panel's cases, and none of Herefordshire's",
    ),
)

# They act in the demonstration's past and are not handed out.
NEIGHBOURS = tuple(
    Post(f"{county}-{role}", role, (f"{county}-cdop",), "its own panel's cases")
    for county in ("worcestershire", "hampshire")
    for role in (Role.COORDINATOR, Role.PANEL_MEMBER, Role.PANEL_CHAIR)
    if f"{county}-{role}" != "worcestershire-coordinator"
)


def appoint(work: Work, posts: tuple[Post, ...]) -> list[NewAccount]:
    """Make the accounts of `posts`. Returns them with their secrets."""
    return [_appoint(work, post) for post in posts]


def _appoint(work: Work, post: Post) -> NewAccount:
    password, secret = passwords.generate(), one_time_codes.new_secret()
    name = f"{post.username.replace('-', ' ').title()} (invented)"
    account = people.add_account(work, post.username, name)
    password_of.set_for(work, account, password)
    authenticators.add(work, account, secret)
    for slug in post.at or (None,):
        where = by_slug(work.session, slug).id if slug else None
        people.add_membership(
            work, account, post.role, where, office=post.office, valid_from=post.since
        )
    address = one_time_codes.address_of(secret, post.username, "cdop demonstration")
    return NewAccount(LABELS[post.role], post.username, password, secret, address, post.shows)
