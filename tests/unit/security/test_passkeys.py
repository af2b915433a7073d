"""A passkey's answer proves what was asked, here and now, by its owner; nothing else does."""

import json

import pytest

from cdop.security import passkeys
from cdop.security.passkeys import CounterWentBack, Known, NotAccepted, Site
from tests.passkeys import Device

SITE = Site("https://cdop.example.org")
CHALLENGE = bytes(range(64))
HANDLE = b"an account's id."


def ask(challenge: bytes = CHALLENGE, site: Site = SITE) -> str:
    return passkeys.adding_options(
        site, challenge, handle=HANDLE, username="anna", display_name="Anna Example", held=[]
    )


@pytest.fixture
def device() -> Device:
    return Device(SITE.origin)


@pytest.fixture
def known(device: Device) -> Known:
    return passkeys.added(SITE, CHALLENGE, device.make(ask()))


def test_a_new_passkey_verifies_its_user_and_is_found_by_the_device() -> None:
    options = json.loads(ask())
    assert options["rp"]["id"] == "cdop.example.org"
    chosen = options["authenticatorSelection"]
    assert chosen["residentKey"] == chosen["userVerification"] == "required"
    assert options["attestation"] == "none"
    assert {each["alg"] for each in options["pubKeyCredParams"]} == {-7, -8, -257}


def test_a_device_is_asked_not_to_make_a_second_one(device: Device, known: Known) -> None:
    options = json.loads(
        passkeys.adding_options(
            SITE, CHALLENGE, handle=HANDLE, username="a", display_name="A", held=[known]
        )
    )
    assert [each["transports"] for each in options["excludeCredentials"]] == [["internal"]]


def test_what_was_made_signs(device: Device, known: Known) -> None:
    options = passkeys.signing_options(SITE, CHALLENGE, [known])
    answer = device.sign(options)
    assert passkeys.credential_of(answer) == (known.credential_id, HANDLE)
    assert passkeys.signed(SITE, CHALLENGE, answer, known) == 1


def test_one_that_does_not_count_signs_again_and_again() -> None:
    device = Device(SITE.origin, count=None)
    known = passkeys.added(SITE, CHALLENGE, device.make(ask()))
    for _ in range(2):
        answer = device.sign(passkeys.signing_options(SITE, CHALLENGE))
        assert passkeys.signed(SITE, CHALLENGE, answer, known) == 0


@pytest.mark.parametrize("before", [1, 2, 40])
def test_a_count_that_does_not_go_up_tells_of_a_copy(
    device: Device, known: Known, before: int
) -> None:
    kept = Known(known.credential_id, known.public_key, before)
    answer = device.sign(passkeys.signing_options(SITE, CHALLENGE))
    with pytest.raises(CounterWentBack):
        passkeys.signed(SITE, CHALLENGE, answer, kept)


def test_a_copy_is_only_suspected_once_the_signature_is_proved(
    device: Device, known: Known
) -> None:
    """Otherwise anybody could raise the alarm for anybody."""
    other = passkeys.added(SITE, CHALLENGE, Device(SITE.origin).make(ask()))
    kept = Known(known.credential_id, other.public_key, 40)
    answer = device.sign(passkeys.signing_options(SITE, CHALLENGE))
    with pytest.raises(NotAccepted) as caught:
        passkeys.signed(SITE, CHALLENGE, answer, kept)
    assert not isinstance(caught.value, CounterWentBack)


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://cdop.example.org.evil.example"},
        {"origin": "http://cdop.example.org"},
        {"origin": "https://cdop.example.org:8443"},
        {"rp_id": "example.org"},
        {"verified": False},
    ],
    ids=str,
)
def test_no_signature_for_another_place_or_without_the_person(
    device: Device, known: Known, wrong: dict
) -> None:
    answer = device.sign(passkeys.signing_options(SITE, CHALLENGE), **wrong)
    with pytest.raises(NotAccepted):
        passkeys.signed(SITE, CHALLENGE, answer, known)


@pytest.mark.parametrize(
    "wrong", [{"origin": "https://evil.example"}, {"verified": False}], ids=str
)
def test_no_passkey_from_another_place_or_without_the_person(device: Device, wrong: dict) -> None:
    with pytest.raises(NotAccepted):
        passkeys.added(SITE, CHALLENGE, device.make(ask(), **wrong))


def test_no_answer_to_another_challenge(device: Device, known: Known) -> None:
    other = bytes(64)
    with pytest.raises(NotAccepted):
        passkeys.signed(SITE, other, device.sign(passkeys.signing_options(SITE, CHALLENGE)), known)
    with pytest.raises(NotAccepted):
        passkeys.added(SITE, other, device.make(ask()))


def test_no_answer_by_another_passkey(device: Device, known: Known) -> None:
    answer = Device(SITE.origin).sign(passkeys.signing_options(SITE, CHALLENGE))
    with pytest.raises(NotAccepted):
        passkeys.signed(SITE, CHALLENGE, answer, known)


def test_an_answer_to_the_one_question_is_none_to_the_other(device: Device, known: Known) -> None:
    with pytest.raises(NotAccepted):
        passkeys.signed(SITE, CHALLENGE, device.make(ask()), known)
    with pytest.raises(NotAccepted):
        passkeys.added(SITE, CHALLENGE, device.sign(passkeys.signing_options(SITE, CHALLENGE)))


@pytest.mark.parametrize("answer", ["", "null", "[]", "{}", '{"id": 1}', "x" * 20_001, "\ud800"])
def test_what_is_no_answer_is_refused(known: Known, answer: str) -> None:
    for ask_for in (
        lambda: passkeys.added(SITE, CHALLENGE, answer),
        lambda: passkeys.credential_of(answer),
        lambda: passkeys.signed(SITE, CHALLENGE, answer, known),
    ):
        with pytest.raises(NotAccepted):
            ask_for()


@pytest.mark.parametrize("name", ["clientDataJSON", "authenticatorData", "signature"])
def test_every_part_of_an_answer_that_is_changed_or_left_out_is_refused(
    device: Device, known: Known, name: str
) -> None:
    answer = json.loads(device.sign(passkeys.signing_options(SITE, CHALLENGE)))
    part = answer["response"][name]
    for changed in (
        None,
        "",
        "!",
        part[:-4],
        part[:8] + ("A" if part[8] != "A" else "B") + part[9:],
    ):
        answer["response"][name] = changed
        with pytest.raises(NotAccepted):
            passkeys.signed(SITE, CHALLENGE, json.dumps(answer), known)
