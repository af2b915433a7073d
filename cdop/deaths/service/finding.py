"""Index tokens of a case: what is equal is found without opening anything.

The NHS number's token (64 bits) is one for the register, and unique within a panel. Dates and
postcodes have few values, so their tokens are made with the panel's own key and cut to 12 bits;
what they find is opened and compared.

What the tokens leak to a reader of the database without the keys: which cases of different panels
have one NHS number; within one panel, and for 1 in 4,096 pairs by chance, which cases share a date
of birth, a date of death or a postcode; how often each token occurs, which in a panel of many
cases tells a busy day from a quiet one; and that a case has no NHS number or no postcode. They
never lead back to a value: that needs the index key. Names have no token.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, delete, select

from cdop.deaths.commands import Child
from cdop.deaths.documents import IDENTITY, NAMES, Identity, Names
from cdop.deaths.likeness import Decision, Verdict, compare, could_be_one, postcode
from cdop.deaths.models import Death
from cdop.deaths.service.deriving import get_child
from cdop.deaths.thresholds import rule
from cdop.organisations import queries as organisations
from cdop.security import index_roots
from cdop.security.columns import open_columns
from cdop.security.index_roots import Roots
from cdop.security.models import IndexToken
from cdop.security.work import Work

NHS_NUMBER = "nhs-number"
# Kept: to build it anew takes longer than to run it.
_BEHIND = select(IndexToken.subject_id).where(
    IndexToken.kind == bindparam("kind"),
    IndexToken.version == bindparam("version"),
    IndexToken.token == bindparam("token"),
    col(IndexToken.organisation_id).in_(bindparam("panels", expanding=True)),
)
BORN_ON, DIED_ON, POSTCODE = "born-on", "died-on", "postcode"


@dataclass(frozen=True)
class Likely:
    """A case that may be the child in question, and how the rule compares them."""

    id: UUID
    verdict: Verdict


def index(work: Work, death: Death, child: Child) -> None:
    """Write a case's tokens anew. The database refuses an NHS number this panel has already.

    The case is also found by what was told of it in cases that were joined to it.
    """
    _keep_from_others(work, death.id)
    forget(work, death.id)
    for version in roots(work).written:
        _write(work, death, child, version)


def index_with(work: Work, death: Death, version: int) -> None:
    """Write a case's tokens with one root anew; nobody else may write them meanwhile."""
    tokens = delete(IndexToken).where(col(IndexToken.subject_id) == death.id)
    work.session.exec(tokens.where(col(IndexToken.version) == version))
    if death.status != "joined":
        _write(work, death, get_child(work, death), version)


def _write(work: Work, death: Death, child: Child, version: int) -> None:
    told = [child, *(get_child(work, each) for each in joined_into(work, [death.id]))]
    for number in {each.identity.nhs_number for each in told if each.identity.nhs_number}:
        token = work.vault.token(version, NHS_NUMBER, number)
        _add(work, death, NHS_NUMBER, version, token)
    values = {pair for each in told for pair in low_values(each.identity)}
    panel = death.organisation_id
    for kind, token in {(k, low_token(work, version, k, v, panel)) for k, v in values}:
        _add(work, death, kind, version, token)


def _keep_from_others(work: Work, death_id: UUID) -> None:
    """Wait for whoever else writes this case's tokens, and make later ones wait."""
    query = select(Death.id).where(Death.id == death_id)
    work.session.exec(query.with_for_update(key_share=True)).first()


def roots(work: Work) -> Roots:
    """Return the index roots in force in this unit of work. Raises Unsafe without one's key."""
    return index_roots.within(work.session, work.vault.held)


def forget(work: Work, death_id: UUID) -> None:
    """Remove a case's tokens, so that it is no longer found."""
    work.session.exec(delete(IndexToken).where(col(IndexToken.subject_id) == death_id))


def joined_into(work: Work, ids: Iterable[UUID]) -> list[Death]:
    """Return the cases that were joined into these, directly or by way of another."""
    found: list[Death] = []
    fresh = list(ids)
    while fresh:
        query = select(Death).where(col(Death.joined_to_id).in_(fresh)).order_by(col(Death.id))
        rows = list(work.session.exec(query))
        found += rows
        fresh = [row.id for row in rows]
    return found


def with_number(work: Work, child: Child) -> list[Death]:
    """Return all cases of the register, any panel's, with this very NHS number.

    For a unit of work that may give a case this number: nobody else does before it ends.
    """
    number = child.identity.nhs_number
    if not number:
        return []
    version = roots(work).looked_up
    token = work.vault.token(version, NHS_NUMBER, number)
    _wait_for_others_of(work, token)
    query = (
        select(Death)
        .join(IndexToken, col(IndexToken.subject_id) == Death.id)
        .where(
            IndexToken.kind == NHS_NUMBER,
            IndexToken.version == version,
            IndexToken.token == token,
        )
    )
    with work.beyond("same-number"):
        return list(work.session.exec(query))


def _wait_for_others_of(work: Work, token: bytes) -> None:
    """Wait for whoever is writing this NHS number, in any panel, and make later ones wait.

    Or two panels that are told of one child at the same moment would not see each other's case.
    SQLite lets only one write at all.
    """
    connection = work.session.connection()
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(token, signed=True)
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (number,))


def likely(work: Work, child: Child, panel: UUID, *, but: UUID | None = None) -> list[Likely]:
    """Return a panel's cases that may be this child, the likeliest first; the caller audits.

    Compared are the cases that share the NHS number, a date or the postcode. A slip in the date of
    birth loses its token, but hardly ever those of the death and of the postcode with it.
    """
    panels = sorted(organisations.with_predecessors(work.session, panel))
    ids = candidates(work, child.identity, panels, most=rule().most_candidates)
    if but:
        ids.discard(but)
    best: dict[UUID, Verdict] = {}
    for survivor, other in _children(work, ids):
        if not could_be_one(child, other):
            continue
        verdict = compare(child, other)
        if survivor not in best or verdict.points > best[survivor].points:
            best[survivor] = verdict
    found = [Likely(id, v) for id, v in best.items() if v.decision != Decision.DIFFERENT]
    return sorted(found, key=lambda each: (-each.verdict.points, each.id))


def candidates(
    work: Work, identity: Identity, panels: Sequence[UUID], *, most: int | None
) -> set[UUID]:
    """Return the cases of these panels that share a token with an identity.

    A short token behind which there are more cases than `most` tells nothing, and is passed over.
    """
    found: set[UUID] = set()
    version = roots(work).looked_up
    if identity.nhs_number:
        token = work.vault.token(version, NHS_NUMBER, identity.nhs_number)
        found |= set(subjects(work, NHS_NUMBER, token, panels))
    limit = most + 1 if most else None
    for kind, value in low_values(identity):
        for panel in panels:
            token = low_token(work, version, kind, value, panel)
            ids = subjects(work, kind, token, [panel], limit)
            found |= set(ids) if limit is None or len(ids) < limit else set()
    return found


def low_values(identity: Identity) -> list[tuple[str, str]]:
    """Return the values of an identity that are indexed by short tokens, with their kinds."""
    dates = ((BORN_ON, identity.born_on), (DIED_ON, identity.died_on))
    found = [(kind, day.isoformat()) for kind, day in dates if day]
    code = postcode(identity.postcode)
    return [*found, (POSTCODE, code)] if code else found


def low_token(work: Work, version: int, kind: str, value: str, panel: UUID) -> bytes:
    """Return the 12-bit token of a value with few possible values, under a panel's own key."""
    token = work.vault.token(version, kind, value, panel)
    return bytes((token[0], token[1] & 0xF0))


def _children(work: Work, ids: set[UUID]) -> Iterable[tuple[UUID, Child]]:
    """Yield the children told of in these cases and in those joined to them."""
    if not ids:
        return
    query = select(Death.id, Death.sex).where(
        col(Death.id).in_(list(ids)), Death.status != "joined"
    )
    about = {id: (id, sex) for id, sex in work.session.exec(query)}
    for row in joined_into(work, list(about)):
        assert row.joined_to_id
        about[row.id] = (about[row.joined_to_id][0], row.sex)
    for opened in open_columns(work, (NAMES, IDENTITY), col(Death.id).in_(list(about))):
        survivor, sex = about[opened.id]
        names, identity = opened.documents
        yield (
            survivor,
            Child(
                names=Names.model_validate_json(names),
                identity=Identity.model_validate_json(identity),
                sex=sex,
                ethnicity="",
                expected="",
                place_of_death="",
            ),
        )


def subjects(
    work: Work, kind: str, token: bytes, panels: Sequence[UUID], most: int | None = None
) -> list[UUID]:
    """Return the cases of these panels behind a token, at most so many."""
    values = {
        "kind": kind,
        "version": roots(work).looked_up,
        "token": token,
        "panels": list(panels),
    }
    if most:
        return list(work.session.exec(_BEHIND.limit(most), params=values))
    return list(work.session.exec(_BEHIND, params=values))


def _add(work: Work, death: Death, kind: str, version: int, token: bytes) -> None:
    work.session.add(
        IndexToken(
            kind=kind,
            version=version,
            token=token,
            organisation_id=death.organisation_id,
            unique_within=death.organisation_id if kind == NHS_NUMBER else None,
            subject_id=death.id,
        )
    )
