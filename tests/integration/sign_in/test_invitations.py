"""An invitation is taken up once, in its time, by whoever holds it; nobody chooses for another."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.errors import Denied, Invalid, NotFound, Refused
from cdop.organisations import sessions
from cdop.organisations.models import Account
from cdop.security.models import AuditEntry
from cdop.sign_in import administering, factors, invitations, steps
from cdop.sign_in.models import Invitation
from cdop.sign_in.steps import Next
from tests.factories import Herefordshire
from tests.integration.sign_in.conftest import (
    HOME,
    PASSWORD,
    SYSTEM,
    Person,
    administrator,
)

pytestmark = pytest.mark.parametrize("register", ["sqlite"], indirect=True)
CHOSEN = "eleven grey herons"


def fault(register: Any, secret: str, password: str = CHOSEN) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        invitations.accept(register, secret, password, HOME)
    return caught.value.fields


def test_an_invited_person_chooses_a_password_and_goes_on_to_a_second_factor(
    county: Herefordshire, invited: tuple[Any, str]
) -> None:
    assert steps.with_password(county.register, "ada", "", HOME) is None
    step = invitations.accept(county.register, invited[1], CHOSEN, HOME)
    assert step.next is Next.ENROL
    assert steps.with_password(county.register, "ada", CHOSEN, HOME)


def test_an_invitation_is_good_once_and_for_three_days(
    county: Herefordshire, invited: tuple[Any, str], clock: FixedClock
) -> None:
    _account, secret = invited
    clock.at += timedelta(hours=72)
    assert fault(county.register, secret) == {"invitation": invitations.OVER}
    clock.at -= timedelta(seconds=1)
    invitations.accept(county.register, secret, CHOSEN, HOME)
    assert fault(county.register, secret, "another password") == {"invitation": invitations.OVER}
    assert fault(county.register, "no such secret") == {"invitation": invitations.OVER}


def test_a_refused_password_leaves_the_invitation(
    county: Herefordshire, invited: tuple[Any, str]
) -> None:
    for word in ("short", "password1234", "x" * 1001):
        assert list(fault(county.register, invited[1], word)) == ["password"]
    assert invitations.accept(county.register, invited[1], CHOSEN, HOME)


def test_a_new_invitation_ends_the_one_before(
    county: Herefordshire, invited: tuple[Any, str]
) -> None:
    fresh = county.register.do(administrator(county), invitations.invite, invited[0])
    assert fault(county.register, invited[1])
    assert invitations.accept(county.register, fresh, CHOSEN, HOME)


def test_a_new_invitation_leaves_those_of_others(
    county: Herefordshire, robin: Person, invited: tuple[Any, str]
) -> None:
    fresh = county.register.do(administrator(county), invitations.invite, robin.account_id)
    with county.register.reading(administrator(county)) as work:
        assert set(invitations.pending(work)) == {invited[0], robin.account_id}
    assert invitations.accept(county.register, invited[1], CHOSEN, HOME)
    assert invitations.accept(county.register, fresh, CHOSEN, HOME)


def test_an_invitation_says_who_made_it(county: Herefordshire, invited: tuple[Any, str]) -> None:
    with county.register.reading(SYSTEM) as work:
        (row,) = work.session.exec(select(Invitation)).all()
    assert (row.account_id, row.made_by) == (invited[0], "administrator")
    assert row.expires_at - row.made_at == timedelta(hours=72)
    link = invitations.link(county.register, invited[1])
    assert link == f"{county.register.settings.origin}/join#{invited[1]}"


def test_a_disabled_account_is_not_reset(county: Herefordshire, robin: Person) -> None:
    boss = administrator(county)
    county.register.do(boss, administering.disable, robin.account_id)
    with pytest.raises(Refused, match="disabled"):
        county.register.do(boss, invitations.reset, robin.account_id, with_factors=False)
    with pytest.raises(NotFound):
        county.register.do(boss, invitations.invite, uuid4())


def test_the_secret_is_kept_only_as_its_hash(
    county: Herefordshire, invited: tuple[Any, str]
) -> None:
    with county.register.reading(SYSTEM) as work:
        (row,) = work.session.exec(select(Invitation)).all()
        lines = str([line.detail for line in work.session.exec(select(AuditEntry))])
    assert invited[1].encode() not in row.token_hash
    assert invited[1] not in lines


def test_a_disabled_account_is_not_invited_and_cannot_join(
    county: Herefordshire, invited: tuple[Any, str]
) -> None:
    def disable(work: Any) -> None:
        work.session.get_one(Account, invited[0]).disabled_at = work.now

    county.register.do(SYSTEM, disable)
    assert fault(county.register, invited[1]) == {"invitation": invitations.OVER}
    with pytest.raises(Refused):
        county.register.do(administrator(county), invitations.invite, invited[0])


def test_only_an_administrator_invites_or_resets(county: Herefordshire, robin: Person) -> None:
    for who in ("coordinator", "auditor", "caldicott-guardian"):
        with pytest.raises(Denied):
            county.register.do(county.actors[who], invitations.invite, robin.account_id)
        with pytest.raises(Denied):
            county.register.do(
                county.actors[who], invitations.reset, robin.account_id, with_factors=True
            )


def test_a_forgotten_password_is_reset_and_the_second_factor_stays(
    county: Herefordshire, robin: Person
) -> None:
    """So whoever resets it, and holds the invitation, is still no step further."""
    token = robin.signs_in()
    secret = county.register.do(
        administrator(county), invitations.reset, robin.account_id, with_factors=False
    )
    assert sessions.actor_for(county.register, token) is None
    assert steps.with_password(county.register, robin.username, PASSWORD, HOME) is None
    step = invitations.accept(county.register, secret, CHOSEN, HOME)
    assert step.next is Next.CODE


def test_a_lost_factor_is_reset_with_the_password(county: Herefordshire, robin: Person) -> None:
    secret = county.register.do(
        administrator(county), invitations.reset, robin.account_id, with_factors=True
    )
    with county.register.reading(SYSTEM) as work:
        assert not factors.has_any(work, robin.account_id)
    assert invitations.accept(county.register, secret, CHOSEN, HOME).next is Next.ENROL


def test_nobody_resets_their_own_account(county: Herefordshire) -> None:
    own = administrator(county)
    with pytest.raises(Refused, match="another administrator"):
        county.register.do(own, invitations.reset, own.account_id, with_factors=True)
