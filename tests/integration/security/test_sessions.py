"""Who is signed in, until when, and with which rights: asked anew at every request."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.organisations import people, sessions
from cdop.organisations.models import Account, Membership, SignIn
from cdop.security import passwords
from cdop.security.actor import system
from cdop.security.models import AuditEntry
from cdop.security.permissions import Role
from cdop.security.work import Register, Work
from cdop.sign_in import passwords as password_of
from cdop.sign_in import steps
from cdop.sign_in.delays import Visitor
from cdop.web.app import create_app
from tests.client import Client, session_of
from tests.factories import Herefordshire
from tests.hashing import quick

__all__ = ["quick"]

SYSTEM = system("tests")
NAME, PASSWORD = "robin.invented", "an invented password"
VISITOR = Visitor("192.0.2.1", "Firefox on Windows")
READ = "deaths:case:read"


@pytest.fixture
def account(county: Herefordshire, quick: None) -> Any:
    """An account that coordinates Herefordshire's panel in 2026."""

    def add(work: Work) -> Any:
        made = people.add_account(work, NAME, "Robin Invented")
        password_of.set_for(work, made, PASSWORD)
        people.add_membership(
            work,
            made,
            Role.COORDINATOR,
            county["herefordshire-cdop"],
            valid_from=date(2026, 11, 1),
            valid_to=date(2026, 11, 30),
        )
        return made

    return county.register.do(SYSTEM, add)


def edit(register: Register, table: type[Any], id: Any, **values: Any) -> None:
    def change(work: Work) -> None:
        row = work.session.get_one(table, id)
        for name, value in values.items():
            setattr(row, name, value)

    register.do(SYSTEM, change)


def sign_in(register: Register) -> str:
    with register.reading(SYSTEM) as work:
        account = people.by_username(work.session, NAME)
    return session_of(register, account.id)


def test_a_session_ends_after_fifteen_minutes_without_a_request(
    county: Herefordshire, account: Any, clock: FixedClock
) -> None:
    token = sign_in(county.register)
    clock.at += timedelta(minutes=14, seconds=59)
    assert sessions.actor_for(county.register, token)
    clock.at += timedelta(minutes=15)
    assert sessions.actor_for(county.register, token) is None
    clock.at -= timedelta(minutes=15)
    assert sessions.actor_for(county.register, token), "nothing else was changed"


def test_activity_keeps_a_session_for_twelve_hours_and_not_longer(
    county: Herefordshire, account: Any, clock: FixedClock
) -> None:
    token = sign_in(county.register)
    for _ in range(71):
        clock.at += timedelta(minutes=10)
        assert sessions.actor_for(county.register, token)
    clock.at += timedelta(minutes=10)
    assert sessions.actor_for(county.register, token) is None


def test_signing_out_ends_this_session_at_once_and_no_other(
    county: Herefordshire, account: Any
) -> None:
    one, other = sign_in(county.register), sign_in(county.register)
    sessions.sign_out(county.register, one)
    assert sessions.actor_for(county.register, one) is None
    assert sessions.actor_for(county.register, other)
    sessions.sign_out(county.register, one)
    sessions.sign_out(county.register, "no such token")


def test_a_disabled_account_is_out_at_its_next_request_and_stays_out(
    county: Herefordshire, account: Any, clock: FixedClock
) -> None:
    token = sign_in(county.register)
    edit(county.register, Account, account, disabled_at=clock.at)
    assert sessions.actor_for(county.register, token) is None
    assert steps.with_password(county.register, NAME, PASSWORD, VISITOR) is None


@pytest.mark.parametrize(
    ("day", "may"),
    [
        (date(2026, 10, 31), False),
        (date(2026, 11, 1), True),
        (date(2026, 11, 30), True),
        (date(2026, 12, 1), False),
    ],
)
def test_a_role_is_held_from_its_first_day_to_its_last(
    county: Herefordshire, account: Any, clock: FixedClock, day: date, may: bool
) -> None:
    clock.at = clock.at.replace(year=day.year, month=day.month, day=day.day)
    actor = sessions.actor_for(county.register, sign_in(county.register))
    assert actor
    assert actor.may(READ, county["herefordshire-cdop"]) is may


def test_a_day_begins_at_midnight_in_england(
    county: Herefordshire, account: Any, clock: FixedClock
) -> None:
    row = county.register.do(
        SYSTEM,
        lambda work: work.session.exec(
            select(Membership).where(Membership.account_id == account)
        ).one(),
    )
    edit(
        county.register, Membership, row.id, valid_from=date(2026, 7, 1), valid_to=date(2026, 7, 1)
    )
    clock.at = clock.at.replace(month=6, day=30, hour=22, minute=59)
    actor = sessions.actor_for(county.register, sign_in(county.register))
    assert actor
    assert not actor.may(READ)
    clock.at += timedelta(minutes=1)  # 0:00 British Summer Time on 1 July
    actor = sessions.actor_for(county.register, sign_in(county.register))
    assert actor
    assert actor.may(READ)


def test_a_role_taken_away_is_gone_at_the_next_request(
    county: Herefordshire, account: Any, clock: FixedClock
) -> None:
    register = county.register
    web = Client(create_app(register))
    web.cookies.set("__Host-cdop", sign_in(register))
    assert web.get("/deaths").status_code == 200
    with register.reading(SYSTEM) as work:
        held = work.session.exec(select(Membership).where(Membership.account_id == account)).one()
    edit(register, Membership, held.id, valid_to=date(2026, 11, 19))
    assert web.get("/deaths").status_code == 404
    assert web.get("/").status_code == 200, "still signed in, with nothing to do"


def test_a_token_is_kept_only_as_its_hash(county: Herefordshire, account: Any) -> None:
    token = sign_in(county.register)
    with county.register.reading(SYSTEM) as work:
        (row,) = work.session.exec(select(SignIn)).all()
    assert len(row.token_hash) == 32
    assert token.encode() not in row.token_hash
    assert sessions.actor_for(county.register, row.token_hash.hex()) is None
    assert sessions.csrf(token) not in (token, row.token_hash.hex())


@pytest.mark.parametrize(
    ("name", "word"),
    [(NAME, "a wrong password"), ("nobody", PASSWORD), ("", ""), ("administrator", PASSWORD)],
)
def test_whoever_is_wrong_walks_the_same_path(
    county: Herefordshire,
    account: Any,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    word: str,
) -> None:
    """One hash is checked and one line written, whatever was wrong; neither word is kept."""
    checked: list[str | None] = []
    matches = passwords.matches

    def counted(password: str, kept: str | None) -> bool:
        checked.append(kept)
        return matches(password, kept)

    monkeypatch.setattr(passwords, "matches", counted)
    assert steps.with_password(county.register, name, word, VISITOR) is None
    assert len(checked) == 1
    with county.register.reading(SYSTEM) as work:
        query = select(AuditEntry).where(AuditEntry.action == "accounts:session:refuse")
        (line,) = work.session.exec(query).all()
        assert (line.actor, line.detail) == ("system:sign-in", {})


def test_a_missing_account_costs_a_hash_too(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    class Hasher:
        def verify(self, kept: str, _: str) -> bool:
            verified.append(kept)
            return True

    monkeypatch.setattr(passwords, "_HASHER", Hasher())
    monkeypatch.setattr(passwords, "_nobody", lambda: "nobody's hash")
    assert passwords.matches("anything", None) is False
    assert passwords.matches("anything", "a hash") is True
    assert verified == ["nobody's hash", "a hash"]


def test_a_session_of_one_register_opens_no_other(
    county: Herefordshire, account: Any, clock: FixedClock
) -> None:
    assert sessions.actor_for(county.register, "") is None
    assert sessions.actor_for(county.register, "x" * 10_000) is None
