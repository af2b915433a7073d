"""Whoever has an address is told by mail that a way to sign in to their account was changed."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlmodel import col, delete, select

from cdop.clock import FixedClock
from cdop.errors import Denied, Invalid, Refused
from cdop.organisations import people
from cdop.security.actor import Actor
from cdop.security.models import AuditEntry
from cdop.security.passkeys import Known
from cdop.security.permissions import Role
from cdop.security.single_sign_on.tokens import Identity
from cdop.security.work import Register, Work
from cdop.sign_in import addresses, authenticators, handing_over, invitations, recovery
from cdop.sign_in import passwords as password_of
from cdop.sign_in.identities import keeping as identities
from cdop.sign_in.notices import telling
from cdop.sign_in.notices.models import Notice
from cdop.sign_in.notices.words import SENTENCES, Kind
from cdop.sign_in.passkeys import keeping as passkeys
from tests.factories import Herefordshire
from tests.integration.sign_in.conftest import SYSTEM, Person, administrator
from tests.mailbox import SENDER, mailbox, sending

TO = "robin@example.invalid"


@pytest.fixture
def reached(robin: Person) -> Person:
    """Robin, with an address and nothing to be told yet."""

    def give(work: Work) -> None:
        addresses.set_address(work, robin.account_id, TO)

    robin.register.do(SYSTEM, give)
    return robin


def waiting(register: Register) -> list[tuple[str, str]]:
    with register.reading(SYSTEM) as work:
        rows = work.session.exec(select(Notice).order_by(col(Notice.made_at)))
        return [(row.kind, row.email) for row in rows if row.sent_at is None]


def _passkey(work: Work, who: UUID) -> None:
    passkeys.add(work, who, Known(b"invented", b"key", 0, ()), "A key")


def _link(work: Work, who: UUID) -> None:
    identities.link(
        work, who, Identity("https://id.example", "robin", None, second_factor=True), "session"
    )


CHANGES: list[tuple[Kind, Callable[[Work, UUID], object]]] = [
    (Kind.PASSWORD, lambda work, who: password_of.keep(work, who, "an invented hash")),
    (Kind.FACTOR_ADDED, lambda work, who: authenticators.add(work, who, "A" * 32)),
    (Kind.FACTOR_ADDED, _passkey),
    (
        Kind.FACTOR_REMOVED,
        lambda work, who: authenticators.remove(work, authenticators.of(work, who)[0]),
    ),
    (Kind.CODES, lambda work, who: recovery.renew(work, who)),
    (Kind.IDENTITY_LINKED, _link),
]


@pytest.mark.parametrize(("kind", "change"), CHANGES)
def test_each_change_is_told_once_at_the_owner_s_address(
    reached: Person, kind: Kind, change: Callable[[Work, UUID], object]
) -> None:
    reached.register.do(SYSTEM, change, reached.account_id)
    assert waiting(reached.register) == [(kind.value, TO)]
    with mailbox() as (address, received):
        sending(reached.register, SMTP=address, SMTP_FROM=SENDER)
        assert telling.deliver(reached.register) == 1
        assert telling.deliver(reached.register) == 0
    (message,) = received
    assert (message["To"], message["From"]) == (TO, SENDER)
    text = message.get_payload()
    assert SENTENCES[kind] in text
    assert "robin.invented" in text
    assert "/account" in text
    with reached.register.reading(SYSTEM) as work:
        query = select(AuditEntry).where(AuditEntry.action == "accounts:notice:send")
        (line,) = work.session.exec(query).all()
    assert line.detail["about"] == kind.value
    assert TO not in str(line.model_dump())


def test_a_recovery_code_that_was_used_is_told_and_one_that_was_not_is_none(
    reached: Person,
) -> None:
    used = reached.codes[0]
    assert reached.register.do(SYSTEM, recovery.accepts, reached.account_id, used)
    assert waiting(reached.register) == [(Kind.CODE_USED.value, TO)]
    reached.register.do(SYSTEM, lambda work: work.session.exec(delete(Notice)))
    assert not reached.register.do(SYSTEM, recovery.accepts, reached.account_id, used)
    assert waiting(reached.register) == []


def test_what_was_rolled_back_is_not_told(reached: Person) -> None:
    def undone(work: Work) -> None:
        recovery.renew(work, reached.account_id)
        raise Refused("Not now, invented")

    with pytest.raises(Refused):
        reached.register.do(SYSTEM, undone)
    assert waiting(reached.register) == []


def test_several_changes_of_a_kind_are_told_in_one_message(reached: Person) -> None:
    for _ in range(3):
        reached.register.do(SYSTEM, recovery.renew, reached.account_id)
    assert waiting(reached.register) == [(Kind.CODES.value, TO)]


def test_without_an_address_or_a_server_nothing_is_sent(robin: Person) -> None:
    robin.register.do(SYSTEM, recovery.renew, robin.account_id)
    assert waiting(robin.register) == []
    robin.register.do(SYSTEM, addresses.set_address, robin.account_id, TO)
    robin.register.do(SYSTEM, recovery.renew, robin.account_id)
    assert telling.deliver(robin.register) == 0
    assert waiting(robin.register) == [(Kind.CODES.value, TO)]


def test_a_server_that_is_down_is_asked_again_and_old_news_is_dropped(
    reached: Person, clock: FixedClock
) -> None:
    register = reached.register
    register.do(SYSTEM, recovery.renew, reached.account_id)
    sending(register, SMTP="smtp://127.0.0.1:9", SMTP_FROM=SENDER)
    assert telling.deliver(register) == 0
    with mailbox() as (address, received):
        sending(register, SMTP=address, SMTP_FROM=SENDER)
        assert telling.deliver(register) == 0  # it is left alone for a minute
        clock.at += telling.RETRY
        assert telling.deliver(register) == 1
        assert len(received) == 1
        register.do(SYSTEM, recovery.renew, reached.account_id)
        clock.at += telling.FORGOTTEN + timedelta(minutes=1)
        assert telling.deliver(register) == 0
        assert len(received) == 1
    assert waiting(register) == []


def test_a_reset_s_invitation_goes_to_its_owner_and_to_no_administrator(
    reached: Person, county: Herefordshire
) -> None:
    register, admin = reached.register, administrator(county)
    with mailbox() as (address, received):
        sending(register, SMTP=address, SMTP_FROM=SENDER)
        secret = register.do(admin, invitations.reset, reached.account_id, with_factors=True)
        handed = handing_over.hand_over(register, admin, reached.account_id, secret)
        assert (handed.link, handed.sent_to) == (None, TO)
        telling.deliver(register)
    assert received[0]["To"] == TO
    assert f"/join#{secret}" in received[0].get_payload()
    told = [message.get_payload() for message in received[1:]]
    assert any(SENTENCES[Kind.RESET] in text for text in told)
    assert all(secret not in text for text in told)
    with register.reading(SYSTEM) as work:
        lines = [each.model_dump() for each in work.session.exec(select(AuditEntry))]
    assert secret not in str(lines)


def test_an_invitation_that_could_not_be_sent_is_shown_to_nobody(
    reached: Person, county: Herefordshire
) -> None:
    register, admin = reached.register, administrator(county)
    sending(register, SMTP="smtp://127.0.0.1:9", SMTP_FROM=SENDER)
    secret = register.do(admin, invitations.reset, reached.account_id, with_factors=False)
    assert handing_over.hand_over(register, admin, reached.account_id, secret) == (
        handing_over.Handed(None)
    )


def test_without_a_mail_server_the_link_is_shown_once(
    reached: Person, county: Herefordshire
) -> None:
    register, admin = reached.register, administrator(county)
    secret = register.do(admin, invitations.reset, reached.account_id, with_factors=False)
    handed = handing_over.hand_over(register, admin, reached.account_id, secret)
    assert handed.link == invitations.link(register, secret)


def test_a_changed_address_is_told_to_the_one_before(
    reached: Person, county: Herefordshire
) -> None:
    register, admin = reached.register, administrator(county)
    register.do(admin, addresses.set_address, reached.account_id, "else@example.invalid")
    assert waiting(register) == [(Kind.ADDRESS.value, TO)]
    register.do(admin, addresses.set_address, reached.account_id, "")
    assert waiting(register)[1:] == [(Kind.ADDRESS.value, "else@example.invalid")]


def test_whoever_changed_an_address_makes_no_invitation_for_a_week_but_another_may(
    reached: Person, county: Herefordshire, clock: FixedClock
) -> None:
    """However they go about it: the address replaced, removed, set anew, the account reset."""
    register, who = reached.register, reached.account_id
    admin = administrator(county)
    other = register.do(SYSTEM, another_administrator)
    register.do(admin, addresses.set_address, who, "mine@example.invalid")
    register.do(admin, addresses.set_address, who, "")
    register.do(admin, addresses.set_address, who, "mine@example.invalid")
    for ask in (partial(invitations.reset, with_factors=True), invitations.invite):
        with pytest.raises(Refused, match="until 27 November 2026"):
            register.do(admin, ask, who)
    assert register.do(other, invitations.reset, who, with_factors=True)
    assert register.do(SYSTEM, invitations.invite, who)
    with pytest.raises(Refused):
        register.do(admin, invitations.invite, who)
    clock.at += timedelta(days=7)
    assert register.do(admin, invitations.invite, who)


def test_a_first_address_keeps_nobody_waiting(robin: Person, county: Herefordshire) -> None:
    robin.register.do(administrator(county), addresses.set_address, robin.account_id, TO)
    assert robin.register.do(administrator(county), invitations.invite, robin.account_id)


def another_administrator(work: Work) -> Actor:
    account = people.add_account(work, "second-administrator", "Sid Second")
    people.add_membership(work, account, Role.ADMINISTRATOR, None)
    return people.actor_by_username(work.session, "second-administrator", work.now)


@pytest.mark.parametrize("typed", ["robin", "a@b@c", "a b@c.d", "a@b\nBcc: x@y.z", "é@x.y", "@x"])
def test_an_address_that_is_none_is_refused(
    robin: Person, county: Herefordshire, typed: str
) -> None:
    with pytest.raises(Invalid):
        robin.register.do(administrator(county), addresses.set_address, robin.account_id, typed)


def test_nobody_but_an_administrator_sets_an_address(robin: Person, county: Herefordshire) -> None:
    with pytest.raises(Denied):
        robin.register.do(county.actors["coordinator"], addresses.set_address, robin.account_id, TO)
