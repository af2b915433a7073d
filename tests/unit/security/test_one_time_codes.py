"""Codes of an authenticator app are those of RFC 6238: near now, later than the last one used."""

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdop.security.one_time_codes import (
    address_of,
    code_of,
    new_secret,
    secret_from,
    step_at,
    step_of,
)

# RFC 6238, appendix B: the seed of its SHA-1 rows, and the last six of its eight digits.
SEED = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 11, 20, 9, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds, code):
    at = datetime.fromtimestamp(seconds, UTC)
    assert code_of(SEED, step_at(at)) == code
    assert step_of(SEED, code, at) == step_at(at)


@pytest.mark.parametrize(
    ("away", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_a_step_away_and_no_more(away, taken):
    step = step_at(NOW) + away
    assert step_of(SEED, code_of(SEED, step), NOW) == (step if taken else None)


def test_a_step_that_was_used_and_those_before_it_are_not_taken_again():
    now = step_at(NOW)
    codes = [code_of(SEED, step) for step in (now - 1, now, now + 1)]
    assert [step_of(SEED, code, NOW, after=now) for code in codes] == [None, None, now + 1]


@pytest.mark.parametrize("code", ["", "12345", "1234567", "28708x", "²87082"])
def test_what_is_no_code_is_not_taken(code):
    assert step_of(SEED, code, datetime.fromtimestamp(59, UTC)) is None


def test_seeds_are_random_and_as_long_as_the_standard_asks():
    made = {new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(base64.b32decode(each)) for each in made} == {20}


@given(st.text(min_size=1), st.text())
def test_a_token_gives_the_same_seed_for_the_same_purpose_alone(token, purpose):
    seed = secret_from(token, purpose)
    assert seed == secret_from(token, purpose)
    assert seed != secret_from(token, purpose + "x")
    assert seed != secret_from(token + "x", purpose)


def test_an_app_takes_the_seed_from_its_address():
    parts = urlsplit(address_of(SEED, "anna", "cdop"))
    asked = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/cdop:anna")
    assert (asked["secret"], asked["issuer"]) == ([SEED], ["cdop"])
