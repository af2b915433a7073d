"""A password is compared exactly as it was typed, and its hash keeps up with the parameters."""

from argon2 import PasswordHasher

from cdop.security.passwords import hash_password, is_outdated, matches


def test_a_password_is_compared_exactly_as_typed() -> None:
    typed = "Grey heron on the weir"
    kept = hash_password(typed)
    assert matches(typed, kept)
    for other in (typed.lower(), f" {typed}", f"{typed} ", typed[:-1], typed.replace("e", "é")):
        assert not matches(other, kept)
    assert not matches("x" * 100 + "y", hash_password("x" * 100 + "z"))


def test_an_older_hash_is_made_anew() -> None:
    assert is_outdated(PasswordHasher(time_cost=1, memory_cost=8 * 1024).hash("anything"))
    assert not is_outdated(hash_password("anything"))
