"""Identities at a provider, on each database: linked once, asked once, ended with sessions."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.errors import NotFound, Refused
from cdop.organisations import sessions
from cdop.organisations.models import SignIn
from cdop.organisations.sessions import GATE
from cdop.security.actor import Actor
from cdop.security.single_sign_on.tokens import Identity, Logout
from cdop.security.work import Register, Work
from cdop.sign_in.identities import asking, ending, keeping
from cdop.sign_in.identities.asking import Purpose, Why
from cdop.sign_in.identities.models import ExternalIdentity
from cdop.sign_in.limits import limits
from tests.client import session_of
from tests.factories import MAKER, Herefordshire

ISSUER = "https://id.example"
ANNA = Identity(ISSUER, "anna", None, second_factor=True)


def linked(register: Register, actor: Actor, identity: Identity = ANNA) -> UUID:
    assert actor.account_id
    return register.do(MAKER, keeping.link, actor.account_id, identity, "session").id


def begun_by(register: Register, actor: Actor, identity_id: UUID, sid: str | None = None) -> str:
    """Start a session that began by an identity. Returns its token."""
    assert actor.account_id
    token = session_of(register, actor.account_id)

    def hold(work: Work) -> None:
        query = select(SignIn.id).where(SignIn.token_hash == sessions.hash_of(token))
        ending.hold(work, work.session.exec(query).one(), identity_id, sid)

    register.do(GATE, hold)
    return token


def is_alive(register: Register, token: str) -> bool:
    return sessions.current(register, token) is not None


def test_an_identity_is_one_account_s_and_linking_again_changes_nothing(
    county: Herefordshire,
) -> None:
    register = county.register
    first = linked(register, county.actors["coordinator"])
    assert linked(register, county.actors["coordinator"]) == first
    with pytest.raises(Refused, match="belongs to another account"):
        linked(register, county.actors["analyst"])
    with register.reading(GATE) as work:
        found = keeping.find(work, ANNA)
        assert found
        assert found.account_id == county.actors["coordinator"].account_id
        assert keeping.find(work, Identity("https://other.example", "anna", None, True)) is None


def test_of_two_who_link_one_identity_at_once_one_is_refused(county: Herefordshire) -> None:
    together = Barrier(2)

    def link(who: str) -> bool:
        together.wait()
        try:
            linked(county.register, county.actors[who])
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(link, ("coordinator", "analyst")))
    assert sorted(done) == [False, True]
    with county.register.reading(MAKER) as work:
        assert len(work.session.exec(select(ExternalIdentity)).all()) == 1


def test_a_question_is_answered_once_in_time_and_at_its_own_provider(
    county: Herefordshire, clock: FixedClock
) -> None:
    register = county.register
    why = Why(Purpose.SIGN_IN, next="/deaths")
    for secret in ("one", "two", "three"):
        register.do(GATE, asking._note, "county", secret, why)
    assert register.do(GATE, asking.answered, "county", "one") == why
    assert register.do(GATE, asking.answered, "county", "one") is None
    assert register.do(GATE, asking.answered, "elsewhere", "two") is None
    clock.at += timedelta(minutes=limits().question_minutes)
    assert register.do(GATE, asking.answered, "county", "three") is None


def test_unlinking_ends_the_sessions_that_began_by_it_and_no_other(
    county: Herefordshire,
) -> None:
    register, actor = county.register, county.actors["coordinator"]
    identity = linked(register, actor)
    by_it, by_password = begun_by(register, actor, identity), session_of(register, actor.account_id)
    stranger = county.actors["analyst"]
    with pytest.raises(NotFound):
        register.do(stranger, keeping.unlink, identity)
    register.do(county.actors["administrator"], keeping.unlink, identity)
    assert (is_alive(register, by_it), is_alive(register, by_password)) == (False, True)


def test_the_provider_ends_one_session_or_all_and_its_word_counts_once(
    county: Herefordshire,
) -> None:
    register, actor = county.register, county.actors["coordinator"]
    identity = linked(register, actor)
    first, second = (begun_by(register, actor, identity, sid) for sid in ("s1", "s2"))
    until = register.clock.now() + timedelta(minutes=2)
    one = Logout(issuer=ISSUER, subject=None, sid="s1", jti=uuid4().hex, expires_at=until)
    assert register.do(GATE, ending.by_provider, one) == 1
    assert (is_alive(register, first), is_alive(register, second)) == (False, True)
    assert register.do(GATE, ending.by_provider, one) is None
    every = Logout(issuer=ISSUER, subject="anna", sid=None, jti=uuid4().hex, expires_at=until)
    assert register.do(GATE, ending.by_provider, every) == 1
    assert not is_alive(register, second)
