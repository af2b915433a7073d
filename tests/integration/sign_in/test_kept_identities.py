"""The identities of an account: which goes when, what a provider's word ends, what is kept."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from cdop.clock import FixedClock
from cdop.errors import NotFound, Refused
from cdop.organisations import sessions
from cdop.organisations.models import Account, SignIn
from cdop.organisations.sessions import GATE
from cdop.security.actor import Actor
from cdop.security.models import AuditEntry
from cdop.security.passkeys import Known
from cdop.security.single_sign_on import flow
from cdop.security.single_sign_on.asking import Asked
from cdop.security.single_sign_on.flow import Question
from cdop.security.single_sign_on.tokens import Identity, Logout
from cdop.security.work import Register, Work
from cdop.sign_in import factors, steps
from cdop.sign_in.identities import asking, ending, keeping
from cdop.sign_in.identities.asking import Purpose, Why
from cdop.sign_in.identities.models import IdentityQuestion, LogoutToken, ProviderSession
from cdop.sign_in.limits import limits
from cdop.sign_in.notices.models import Notice
from cdop.sign_in.passkeys import keeping as passkeys
from tests.client import session_of
from tests.factories import Herefordshire
from tests.unit.security.single_sign_on.conftest import provider_with

pytestmark = pytest.mark.parametrize("register", ["sqlite"], indirect=True)
ISSUER, OTHER = "https://id.example", "https://other.example"
ANNA = Identity(ISSUER, "anna", None, second_factor=True)


@pytest.fixture
def anna(county: Herefordshire) -> Actor:
    return county.actors["coordinator"]


def link(register: Register, actor: Actor, identity: Identity = ANNA) -> UUID:
    return register.do(GATE, keeping.link, actor.account_id, identity, "session").id


def begun_by(register: Register, actor: Actor, identity_id: UUID, sid: str | None = None) -> str:
    """Start a session that began by an identity. Returns its token."""
    assert actor.account_id
    token = session_of(register, actor.account_id)
    found = sessions.actor_for(register, token)
    assert found
    register.do(GATE, ending.hold, found.session_id, identity_id, sid)
    return token


def alive(register: Register, *tokens: str) -> list[bool]:
    return [sessions.actor_for(register, token) is not None for token in tokens]


def lines(register: Register, action: str) -> list[AuditEntry]:
    with register.reading(GATE) as work:
        query = select(AuditEntry).where(AuditEntry.action == action)
        return list(work.session.exec(query.order_by(col(AuditEntry.id))))


def said(subject: str | None = "anna", sid: str | None = None, issuer: str = ISSUER) -> Logout:
    return Logout(issuer, subject, sid, uuid4().hex, datetime(2027, 1, 1, tzinfo=UTC))


def other_way(register: Register, actor: Actor, way: str) -> None:
    def add(work: Work) -> None:
        account = work.session.get_one(Account, actor.account_id)
        account.password_hash = "a hash" if way == "password" else ""
        if way == "passkey":
            passkeys.add(work, account.id, Known(b"id", b"key", 0), "Mine")
        if way == "another identity":
            keeping.link(work, account.id, Identity(OTHER, "anna", None, True), "session")

    register.do(GATE, add)


@pytest.mark.parametrize("way", ["password", "passkey", "another identity"])
def test_an_identity_goes_while_there_is_another_way_in(
    county: Herefordshire, anna: Actor, way: str
) -> None:
    register = county.register
    identity_id = link(register, anna)
    other_way(register, anna, way)
    here, there = (begun_by(register, anna, identity_id) for _ in range(2))
    me = sessions.actor_for(register, here)
    assert me
    assert register.do(me, keeping.unlink, identity_id) == anna.account_id
    assert alive(register, here, there) == [True, False], "but for the present session"
    (line,) = lines(register, "accounts:identity:unlink")
    assert (line.subject_kind, line.subject_id) == ("accounts", anna.account_id)
    assert line.detail == {"identity": identity_id.hex, "issuer": ISSUER, "sessions": 1}
    with pytest.raises(NotFound):
        register.do(me, keeping.unlink, identity_id)


def test_the_only_way_in_is_taken_away_by_an_administrator_alone(
    county: Herefordshire, anna: Actor
) -> None:
    register, identity_id = county.register, link(county.register, anna)
    other_way(register, anna, "none")
    with pytest.raises(Refused) as refused:
        register.do(anna, keeping.unlink, identity_id)
    assert str(refused.value) == keeping.ONLY_WAY
    with pytest.raises(NotFound):
        register.do(county.actors["analyst"], keeping.unlink, identity_id)
    register.do(county.actors["administrator"], keeping.unlink, identity_id)
    with register.reading(GATE) as work:
        assert keeping.of(work, anna.account_id) == []


def test_linking_is_told_with_its_id_and_how(county: Herefordshire, anna: Actor) -> None:
    register, boss = county.register, county.actors["administrator"]
    first = link(register, anna)
    second = link(register, anna, Identity(OTHER, "anna", None, True))
    link(register, boss, Identity(OTHER, "boss", None, True))
    with register.reading(GATE) as work:
        rows = keeping.of(work, anna.account_id)
        assert [row.id for row in rows] == [first, second]
        assert (rows[0].linked_at, rows[0].used_at) == (work.now, None)
        assert keeping.holders(work) == {anna.account_id, boss.account_id}
    line = lines(register, "accounts:identity:link")[0]
    assert (line.subject_kind, line.subject_id) == ("accounts", anna.account_id)
    assert line.detail == {"identity": first.hex, "issuer": ISSUER, "how": "session"}
    with pytest.raises(Refused) as refused:
        link(register, boss)
    assert str(refused.value) == keeping.TAKEN
    register.do(GATE, factors.remove_all, anna.account_id)
    with register.reading(GATE) as work:
        assert keeping.holders(work) == {boss.account_id}


@pytest.mark.parametrize(
    ("word", "left"),
    [
        (said(None, "s1"), [False, True, True]),
        (said("anna"), [False, False, False]),
        (said("anna", "s1"), [False, True, False]),
        (said("anna", "unheard"), [True, True, False]),
        (said(None, "unheard"), [True, True, True]),
        (said("bert"), [True, True, True]),
        (said("anna", None, OTHER), [True, True, True]),
        (said(None, "s1", OTHER), [True, True, True]),
    ],
)
def test_a_provider_s_word_ends_what_it_names(
    county: Herefordshire, anna: Actor, word: Logout, left: list[bool]
) -> None:
    """The sessions there were s1, s2 and one of which nothing was told; it ends with its person."""
    register, identity_id = county.register, link(county.register, anna)
    tokens = [begun_by(register, anna, identity_id, sid) for sid in ("s1", "s2", None)]
    by_password = session_of(register, anna.account_id)
    ended = left.count(False)
    assert register.do(GATE, ending.by_provider, word) == ended
    assert alive(register, *tokens, by_password) == [*left, True]
    (line,) = lines(register, "accounts:session:end-by-provider")
    assert line.detail == {"issuer": word.issuer, "sessions": ended}
    told = lines(register, "accounts:session:end")
    assert [(each.subject_kind, each.subject_id) for each in told] == [
        ("accounts", anna.account_id)
    ] * ended
    assert all(each.detail == {"by": "provider"} for each in told)
    with register.reading(GATE) as work:
        assert len(work.session.exec(select(ProviderSession)).all()) == 3 - ended


def test_a_word_counts_once_until_it_can_be_no_replay(
    county: Herefordshire, anna: Actor, clock: FixedClock
) -> None:
    register, identity_id = county.register, link(county.register, anna)
    word = Logout(ISSUER, "anna", None, "one", clock.at + timedelta(minutes=7))
    other = Logout(OTHER, "anna", None, "one", clock.at + timedelta(minutes=7))
    assert register.do(GATE, ending.by_provider, word) == 0
    begun_by(register, anna, identity_id)
    assert register.do(GATE, ending.by_provider, word) is None
    assert register.do(GATE, ending.by_provider, other) == 0, "numbers are each issuer's own"
    clock.at += timedelta(minutes=7)
    assert register.do(GATE, ending.by_provider, word) is None
    clock.at += timedelta(seconds=1)
    register.do(GATE, ending.by_provider, Logout(ISSUER, None, "x", "two", clock.at))
    with register.reading(GATE) as work:
        assert len(work.session.exec(select(LogoutToken)).all()) == 1


def test_half_a_sign_in_ends_with_what_it_began_by_and_what_is_over_is_not_counted(
    county: Herefordshire, anna: Actor
) -> None:
    register, identity_id = county.register, link(county.register, anna)

    def half(work: Work) -> str:
        step, begun = steps.half(work, work.session.get_one(Account, anna.account_id))
        ending.hold(work, begun, identity_id, None)
        return step.token

    token = register.do(GATE, half)
    over = begun_by(register, anna, identity_id)
    sessions.sign_out(register, over)
    assert steps.begun_by(register, token)
    assert register.do(GATE, ending.of_identity, identity_id) == 0
    assert steps.begun_by(register, token) is None


def test_by_what_a_session_began_is_known_as_long_as_one_can_last(
    county: Herefordshire, anna: Actor, clock: FixedClock
) -> None:
    register, identity_id = county.register, link(county.register, anna)
    token = begun_by(register, anna, identity_id)
    me = sessions.actor_for(register, token)
    assert me

    def behind() -> Any:
        with register.reading(GATE) as work:
            row = work.session.exec(
                select(ProviderSession).where(ProviderSession.held_by == me.session_id)
            ).first()
            assert row is None or row.began_at == start
            return ending.issuer_behind(work, me.session_id)

    start = clock.at
    assert behind() == ISSUER
    for hours, known in ((13, ISSUER), (13.001, None)):
        clock.at = start + timedelta(hours=hours)
        begun_by(register, anna, identity_id)
        assert behind() == known
    with register.reading(GATE) as work:
        assert work.session.exec(select(SignIn)).first(), "sessions themselves are kept"


def test_a_question_keeps_why_it_was_asked_and_old_ones_go(
    county: Herefordshire, clock: FixedClock
) -> None:
    register, invitation = county.register, uuid4()
    for n, why in enumerate(
        (
            Why(Purpose.JOIN, invitation_id=invitation),
            Why(Purpose.CONFIRM, session_id=invitation, next="/deaths"),
        )
    ):
        register.do(GATE, asking._note, "county", f"secret {n}", why)
        assert register.do(GATE, asking.answered, "county", f"secret {n}") == why
    for secret in ("one", "two"):
        register.do(GATE, asking._note, "county", secret, Why(Purpose.SIGN_IN))
    assert register.do(GATE, asking.answered, "elsewhere", "one") is None
    assert register.do(GATE, asking.answered, "county", "one") is None, "it was used up"
    clock.at += timedelta(minutes=limits().question_minutes)
    register.do(GATE, asking._note, "county", "three", Why(Purpose.SIGN_IN))
    clock.at += timedelta(seconds=1)
    register.do(GATE, asking._note, "county", "four", Why(Purpose.SIGN_IN))
    with register.reading(GATE) as work:
        assert len(work.session.exec(select(IdentityQuestion)).all()) == 2


def test_whoever_is_sent_to_a_provider_is_known_when_they_come_back(
    county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    register, sent = county.register, []

    def address(_: object, question: Question, back: str, *, fresh: bool) -> str:
        sent.append((question, back, fresh))
        return "https://id.example/authorize"

    monkeypatch.setattr(flow, "address", address)
    provider = cast("Asked", SimpleNamespace(provider=provider_with()))
    here = uuid4()
    for why in (Why(Purpose.SIGN_IN), Why(Purpose.CONFIRM, session_id=here)):
        assert asking.ask(register, provider, "kept", why) == "https://id.example/authorize"
        assert register.do(GATE, asking.answered, "county", "kept") == why
    back = f"{register.settings.origin}/sign-in/from/county"
    question = flow.question_of("kept")
    assert sent == [(question, back, False), (question, back, True)]


def test_an_unlinked_sign_in_is_told_at_the_owners_address(
    county: Herefordshire, anna: Actor
) -> None:
    register, identity_id = county.register, link(county.register, anna)
    with register.work(GATE) as work:
        work.session.get_one(Account, anna.account_id).email = "anna@example.invalid"
    register.do(county.actors["administrator"], keeping.unlink, identity_id)
    with register.reading(GATE) as work:
        assert work.session.exec(select(Notice.kind)).all() == ["identity-unlinked"]
