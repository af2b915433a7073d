"""Index tokens of a case: equal NHS numbers and equal dates are found without opening anything.

The NHS number's token is one for the register, unique within a panel. A date has few values, so
its token is made with the panel's own key and cut to 12 bits; what it finds is opened and compared.
"""

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import col, delete, select

from cdop.deaths import rules
from cdop.deaths.commands import Child
from cdop.deaths.models import Death
from cdop.deaths.service.deriving import get_child
from cdop.security.models import IndexToken
from cdop.security.work import Work

NHS_NUMBER = "nhs-number"
DATES = ("born-on", "died-on")


def index(work: Work, death: Death, child: Child) -> None:
    """Write a case's tokens anew. The database refuses an NHS number this panel has already."""
    forget(work, death.id)
    if child.identity.nhs_number:
        _add(work, death, NHS_NUMBER, _number_token(work, child), unique=death.organisation_id)
    for kind, token in _date_tokens(work, child, death.organisation_id):
        _add(work, death, kind, token)


def forget(work: Work, death_id: UUID) -> None:
    """Remove a case's tokens, so that it is no longer found."""
    work.session.exec(delete(IndexToken).where(col(IndexToken.subject_id) == death_id))


def with_number(work: Work, child: Child) -> list[Death]:
    """Return all cases of the register, any panel's, with this very NHS number."""
    if not child.identity.nhs_number:
        return []
    query = (
        select(Death)
        .join(IndexToken, col(IndexToken.subject_id) == Death.id)
        .where(
            IndexToken.kind == NHS_NUMBER,
            IndexToken.version == work.vault.ring.index_version,
            IndexToken.token == _number_token(work, child),
        )
    )
    return list(work.session.exec(query))


def possible_matches(work: Work, death: Death, child: Child) -> list[tuple[Death, str]]:
    """Return the panel's other cases that may be this child, and why, as a code."""
    tokens = _date_tokens(work, child, death.organisation_id)
    ids: set[UUID] = set()
    for kind, token in tokens:
        query = select(IndexToken.subject_id).where(
            IndexToken.kind == kind,
            IndexToken.version == work.vault.ring.index_version,
            IndexToken.token == token,
            IndexToken.organisation_id == death.organisation_id,
            IndexToken.subject_id != death.id,
        )
        ids |= set(work.session.exec(query))
    found = []
    for other in _cases(work, ids):
        why = rules.may_be_same(child, get_child(work, other))
        if why:
            found.append((other, why))
    return found


def _cases(work: Work, ids: Iterable[UUID]) -> list[Death]:
    wanted = sorted(ids)
    if not wanted:
        return []
    query = select(Death).where(col(Death.id).in_(wanted), Death.status != "joined")
    return list(work.session.exec(query.order_by(col(Death.id))))


def _number_token(work: Work, child: Child) -> bytes:
    return work.vault.token(NHS_NUMBER, child.identity.nhs_number)


def _date_tokens(work: Work, child: Child, panel: UUID) -> list[tuple[str, bytes]]:
    days = zip(DATES, (child.identity.born_on, child.identity.died_on), strict=True)
    return [
        (kind, _twelve_bits(work.vault.token(kind, day.isoformat(), panel)))
        for kind, day in days
        if day
    ]


def _twelve_bits(token: bytes) -> bytes:
    return bytes((token[0], token[1] & 0xF0))


def _add(work: Work, death: Death, kind: str, token: bytes, unique: UUID | None = None) -> None:
    work.session.add(
        IndexToken(
            kind=kind,
            version=work.vault.ring.index_version,
            token=token,
            organisation_id=death.organisation_id,
            unique_within=unique,
            subject_id=death.id,
        )
    )
