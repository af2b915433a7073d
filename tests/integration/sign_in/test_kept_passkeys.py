"""The passkeys of an account: what is kept and told of them, and when the last may go."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select
from webauthn import base64url_to_bytes

from cdop.clock import FixedClock
from cdop.errors import Invalid, Refused
from cdop.organisations import sessions
from cdop.organisations.models import Account
from cdop.organisations.sessions import GATE
from cdop.security.actor import Actor
from cdop.security.passkeys import Known, Site
from cdop.security.single_sign_on.tokens import Identity
from cdop.security.work import Register
from cdop.sign_in import authenticators, delays, factors, own
from cdop.sign_in.identities import keeping as identities
from cdop.sign_in.limits import limits
from cdop.sign_in.models import Attempts
from cdop.sign_in.passkeys import keeping, proving
from cdop.sign_in.passkeys.models import PasskeyChallenge
from tests.client import session_of
from tests.integration.sign_in.test_passkeys import (
    VISITOR,
    anna,
    asked,
    bert,
    give,
    half,
    lines,
    register,
    sign_in,
)
from tests.passkeys import Device

__all__ = ["anna", "bert", "register"]
REFUSE = "accounts:session:refuse"


def made_by(register: Register, actor: Actor) -> Known:
    device, browser = Device(register.settings.origin), f"a session of {actor.name}"
    options = register.do(actor, keeping.offer, Site(register.settings.origin), browser)
    return keeping.made(register, browser, device.make(options))


def test_a_first_passkey_brings_recovery_codes_and_each_change_ends_the_other_sessions(
    register: Register, anna: Actor
) -> None:
    for codes in (10, 0):
        elsewhere = session_of(register, anna.account_id)
        given = register.do(anna, own.add_passkey, made_by(register, anna), "Mine")
        assert len(set(given)) == codes
        assert sessions.current(register, elsewhere) is None
    elsewhere = session_of(register, anna.account_id)
    with register.reading(GATE) as work:
        first = keeping.of(work, anna.account_id)[0]
        (left,) = [
            each for each in sessions.alive(work, anna.account_id) if each.id == anna.session_id
        ]
    assert (left.ended_at, first.name) == (None, "Mine")
    register.do(anna, own.remove_passkey, first.id)
    assert sessions.current(register, elsewhere) is None


@pytest.mark.parametrize(
    ("password", "passkeys", "linked", "goes"),
    [("a hash", 1, False, True), ("", 1, True, True), ("", 2, False, True), ("", 1, False, False)],
)
def test_a_passkey_goes_while_there_is_another_way_in_and_another_factor(
    register: Register, anna: Actor, password: str, passkeys: int, linked: bool, goes: bool
) -> None:
    """The app is a second factor, but without a password it opens nothing."""
    for number in range(passkeys):
        give(register, anna, f"Passkey {number}")
    register.do(GATE, authenticators.add, anna.account_id, "A" * 32)
    with register.work(GATE) as work:
        work.session.get_one(Account, anna.account_id).password_hash = password
        if linked:
            identity = Identity("https://id.example", "anna", None, second_factor=True)
            identities.link(work, anna.account_id, identity, "session")
    with register.reading(GATE) as work:
        row = keeping.of(work, anna.account_id)[0]
    if goes:
        register.do(anna, own.remove_passkey, row.id)
        return
    with pytest.raises(Refused) as refused:
        register.do(anna, own.remove_passkey, row.id)
    assert str(refused.value) == identities.ONLY_WAY


def test_what_is_done_with_a_passkey_is_told_with_its_id_and_its_account(
    register: Register, anna: Actor
) -> None:
    device = give(register, anna)
    give(register, anna, "Another")
    with register.reading(GATE) as work:
        first, second = keeping.of(work, anna.account_id)
    register.do(anna, own.remove_passkey, second.id)
    sign_in(register, device)
    assert sign_in(register, replace(device, count=0)) is None
    added, removed = ({"factor": "passkey", "passkey": row.id.hex} for row in (first, second))
    for action, details in (
        ("accounts:factor:add", [added, removed]),
        ("accounts:factor:remove", [removed]),
        ("accounts:passkey:suspect-copy", [{"passkey": first.id.hex}]),
        ("accounts:session:refuse", [{}]),
    ):
        found = lines(register, action)
        assert [each.detail for each in found] == details
        about = {(each.subject_kind, each.subject_id) for each in found}
        assert about == {("accounts", anna.account_id)}


def test_a_refusal_is_told_of_whoever_was_asked_when_the_answer_is_nobody_s(
    register: Register, anna: Actor
) -> None:
    give(register, anna)
    asked(register, proving.of_begun(half(register, anna)))
    assert proving.second(register, half(register, anna), "no answer", VISITOR) is None
    assert proving.sign_in(register, "a cookie", "no answer", VISITOR) is None
    about = [(each.subject_kind, each.subject_id) for each in lines(register, REFUSE)]
    assert about == [("accounts", anna.account_id), (None, None)]


def test_right_answers_do_not_count_against_their_source(register: Register, anna: Actor) -> None:
    device = give(register, anna)
    delays.count_question(register, VISITOR)
    assert sign_in(register, device)
    with register.reading(GATE) as work:
        assert set(work.session.exec(select(Attempts.failures))) == {0}
    delays.count_question(register, VISITOR)
    begun = half(register, anna)
    answer = device.sign(asked(register, proving.of_begun(begun)))
    assert proving.second(register, begun, answer, VISITOR)
    with register.reading(GATE) as work:
        assert set(work.session.exec(select(Attempts.failures))) == {0, 1}, "no question was due"


def test_what_no_browser_was_asked_or_no_device_made_adds_nothing(
    register: Register, anna: Actor, clock: FixedClock
) -> None:
    site, device = Site(register.settings.origin), Device(register.settings.origin)

    def refused(answer: str) -> dict[str, str]:
        with pytest.raises(Invalid) as caught:
            keeping.made(register, "a session", answer)
        return caught.value.fields

    said = {"answer": "The passkey could not be added. Try again, or use another device"}
    options = register.do(anna, keeping.offer, site, "another session")
    assert refused(device.make(options)) == said
    options = register.do(anna, keeping.offer, site, "a session")
    assert refused("no answer") == said
    assert refused(device.make(options)) == said, "the question was used up"
    options = register.do(anna, keeping.offer, site, "a session")
    made = keeping.made(register, "a session", device.make(options))
    register.do(anna, keeping.add, anna.account_id, made, "Mine")
    with pytest.raises(Invalid) as twice:
        register.do(anna, keeping.add, anna.account_id, made, "Mine")
    assert twice.value.fields == said


def test_a_device_is_told_whose_it_is_and_which_passkeys_there_are(
    register: Register, anna: Actor
) -> None:
    give(register, anna)
    with register.reading(GATE) as work:
        (row,) = keeping.of(work, anna.account_id)
    options = json.loads(register.do(anna, keeping.offer, Site("https://cdop.example"), "here"))
    assert options["rp"] == {"id": "cdop.example", "name": "cdop"}
    assert options["user"]["name"] == anna.name
    assert options["user"]["displayName"] == anna.display_name
    assert base64url_to_bytes(options["user"]["id"]) == anna.account_id.bytes
    held = [base64url_to_bytes(each["id"]) for each in options["excludeCredentials"]]
    assert held == [row.credential_id]
    signing = json.loads(asked(register, proving.of_session(anna)))
    assert [base64url_to_bytes(each["id"]) for each in signing["allowCredentials"]] == held
    assert json.loads(asked(register, proving.of_anybody("x")))["allowCredentials"] == []


def test_a_question_voids_the_one_before_and_old_ones_are_not_kept(
    register: Register, anna: Actor, clock: FixedClock
) -> None:
    device = give(register, anna)
    answer = device.sign(asked(register, proving.of_anybody("a cookie")))
    asked(register, proving.of_anybody("a cookie"))
    asked(register, proving.of_anybody("another"))
    assert proving.sign_in(register, "a cookie", answer, VISITOR) is None
    clock.at += timedelta(minutes=limits().challenge_minutes, seconds=1)
    asked(register, proving.of_anybody("a third"))
    with register.reading(GATE) as work:
        assert len(work.session.exec(select(PasskeyChallenge)).all()) == 1


def test_who_has_a_passkey_is_told_by_account(register: Register, anna: Actor, bert: Actor) -> None:
    give(register, anna)
    with register.reading(GATE) as work:
        assert keeping.holders(work) == factors.holders(work) == {anna.account_id}
        held = [keeping.any_of(work, each.account_id) for each in (anna, bert)]
        assert held == [True, False]
        (row,) = keeping.of(work, anna.account_id)
        assert row.used_at is None
        assert row.added_at == work.now
        assert len(row.transports) > 0
