"""Tokens of the API: made by a person for a program, read with until they end or are revoked.

A token stands for no account. Whoever shows it is an actor of its own, who may read the released
packages of one panel and nothing else, as long as the token's maker may make one.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from sqlmodel import col, select

from cdop.errors import Invalid, NotFound
from cdop.organisations import people
from cdop.organisations import queries as organisations
from cdop.security.actor import Actor, everywhere, system
from cdop.security.work import Register, Work
from cdop.statistics import whose
from cdop.statistics.models import ApiToken

MAKE = "statistics:token:make"
READ = "statistics:release:read"
PREFIX = "cdop_"
NOTED = "token:"  # before its id: who read, in the audit log and on the desk
LONGEST_DAYS = 366
A_MINUTE = timedelta(minutes=1)
MOST_A_MINUTE = 120
GATE = system("api")


class NotAccepted(Exception):
    """There is no such token, or it has ended or been revoked."""


class TooMany(Exception):
    """The token has been used too often within a minute. `seconds` until it may be used again."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too many requests")
        self.seconds = seconds


@dataclass(frozen=True)
class Reader(Actor):
    """A program with a token: may read the releases of `panels`, and nothing else."""

    panels: frozenset[UUID] = frozenset()

    @property
    def permissions(self) -> frozenset[str]:
        """Return the one permission."""
        return frozenset({READ})

    def scope(self, permission: str) -> frozenset[UUID]:
        """Return the panels whose releases it may read."""
        return self.panels if permission == READ else frozenset()

    def may(
        self, permission: str, organisation_id: UUID | None = None, case_id: UUID | None = None
    ) -> bool:
        """Say whether it may do something: read releases, of its panels."""
        return permission == READ and (organisation_id is None or organisation_id in self.panels)


def make(work: Work, slug: str, name: str, days: int) -> tuple[ApiToken, str]:
    """Make a token for a program to read a panel's releases with, and return it once; audited.

    Raises Denied, NotFound for a panel out of scope, Invalid for a name or an end that is none.
    """
    panel = whose.find(work, slug, MAKE)
    faults = {}
    if not 1 <= len(name.strip()) <= 80:
        faults["name"] = "Give the token a name of up to 80 characters: what program it is for"
    if not 1 <= days <= LONGEST_DAYS:
        faults["days"] = f"A token ends within 1 to {LONGEST_DAYS} days"
    if faults:
        raise Invalid(faults)
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        organisation_id=panel.id,
        name=name.strip(),
        token_hash=_hash(text),
        made_at=work.now,
        made_by=work.actor.name,
        expires_on=work.today + timedelta(days=days),
    )
    work.session.add(token)
    work.session.flush()
    work.audit(MAKE, ("api_tokens", token.id), panel.id, ends=token.expires_on.isoformat())
    return token, text


def revoke(work: Work, token_id: UUID) -> None:
    """End a token now; audited. Raises Denied; NotFound when absent or out of scope."""
    work.check(MAKE)
    token = work.session.get(ApiToken, token_id)
    if token is None or not work.actor.may(MAKE, token.organisation_id):
        raise NotFound(("api_tokens", token_id), MAKE)
    if token.revoked_at is None:
        token.revoked_at, token.revoked_by = work.now, work.actor.name
        work.session.add(token)
        work.audit("statistics:token:revoke", ("api_tokens", token.id), token.organisation_id)


def listing(work: Work) -> list[ApiToken]:
    """Return the tokens of the panels in scope, the newest first. Raises Denied."""
    work.check(MAKE)
    query = select(ApiToken).order_by(col(ApiToken.made_at).desc())
    if not everywhere(work.actor):
        query = query.where(col(ApiToken.organisation_id).in_(work.actor.scope(MAKE)))
    return list(work.session.exec(query))


def reader(register: Register, text: str) -> Reader:
    """Return who a token stands for, and count the request.

    Raises NotAccepted, also when its maker may make none any more, which is audited; TooMany, and
    counts nothing then.
    """
    found = register.do(GATE, _admit, text)
    if found is None:
        raise NotAccepted
    return found


def stands(work: Work, token: ApiToken) -> bool:
    """Tell whether who made a token may still make one: it opens nothing beyond their standing."""
    try:
        maker = people.actor_by_username(work.session, token.made_by, work.now)
    except NotFound:
        return False
    return maker.may(MAKE, token.organisation_id)


def _admit(work: Work, text: str) -> Reader | None:
    query = select(ApiToken).where(ApiToken.token_hash == _hash(text)).with_for_update()
    token = work.session.exec(query).one_or_none()
    if token is None or token.revoked_at or token.expires_on < work.today:
        raise NotAccepted
    if token.counted_from is None or work.now - token.counted_from >= A_MINUTE:
        token.counted_from, token.asked = work.now, 0
    if token.asked >= MOST_A_MINUTE:
        left = token.counted_from + A_MINUTE - work.now
        raise TooMany(max(1, int(left.total_seconds())))
    token.asked += 1
    work.session.add(token)
    if not stands(work, token):
        subject = ("api_tokens", token.id)
        work.audit("statistics:token:use", subject, token.organisation_id, outcome="denied")
        return None
    token.used_at = work.now
    panels = organisations.with_predecessors(work.session, token.organisation_id)
    return Reader(name=f"{NOTED}{token.id}", display_name=token.name, panels=panels)


def names(work: Work, tokens: Collection[str]) -> dict[str, str]:
    """Return the names of programs by what readings are noted under, for those that there are."""
    ids = [UUID(each.removeprefix(NOTED)) for each in tokens if each.startswith(NOTED)]
    found = work.session.exec(select(ApiToken).where(col(ApiToken.id).in_(ids)))
    return {f"{NOTED}{token.id}": token.name for token in found}


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()
