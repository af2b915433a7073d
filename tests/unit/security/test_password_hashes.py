"""A password is compared exactly as it was typed, and its hash keeps up with the parameters."""

import re
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher

from cdop.security import passwords
from cdop.security.passwords import hash_password, is_outdated, matches
from tests.hashing import HASHER, NOBODY


def test_a_password_is_compared_exactly_as_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", HASHER)
    typed = "Grey heron on the weir"
    kept = hash_password(typed)
    assert matches(typed, kept)
    for other in (typed.lower(), f" {typed}", f"{typed} ", typed[:-1], typed.replace("e", "é")):
        assert not matches(other, kept)
    assert not matches("x" * 100 + "y", hash_password("x" * 100 + "z"))


def test_an_older_hash_is_made_anew() -> None:
    assert is_outdated(PasswordHasher(time_cost=1, memory_cost=8 * 1024).hash("anything"))
    assert not is_outdated(hash_password("anything"))


def test_nothing_matches_where_no_password_or_no_hash_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "_HASHER", HASHER)
    monkeypatch.setattr(passwords, "_nobody", lambda: NOBODY)
    for kept in (None, "", "no hash", "$argon2id$v=19$m=8,t=1,p=1$bm8$bm8"):
        assert matches("anything", kept) is False
    assert matches("nobody's", None) is False


@pytest.mark.parametrize(
    ("make", "groups"), [(passwords.recovery_code, 5), (passwords.generate, 4)]
)
def test_what_is_read_from_a_screen_has_no_letters_that_are_mistaken_for_others(
    make: Callable[[], str], groups: int
) -> None:
    made = [make() for _ in range(50)]
    assert len(set(made)) == 50
    for each in made:
        assert re.fullmatch(rf"([a-hjkmnp-z2-9]{{5}}-){{{groups - 1}}}[a-hjkmnp-z2-9]{{5}}", each)
