"""Any password that is long enough and not a common one; kept as a hash, compared as typed."""

import pytest
from argon2 import PasswordHasher

from cdop.errors import Invalid
from cdop.security.passwords import generate, hash_password, is_outdated, matches
from cdop.sign_in.passwords import check


@pytest.mark.parametrize(
    "password",
    [
        "grey heron on the weir",
        "8146 3207 9951 4420",
        "ὄρνις λιμναῖος ἐρωδιός",
        "¡¿§¶•ªº–≠œ∑´®†¥",
        "x7#Qm2 " * 20,
        "  spaces around it count  ",
    ],
)
def test_any_password_of_enough_characters_is_taken(password: str) -> None:
    check(password, "robin.invented")
    check(generate(), "robin.invented")


@pytest.mark.parametrize("password", ["", "elevenchars", "q" * 1001])
def test_a_password_too_short_or_too_long_is_refused(password: str) -> None:
    with pytest.raises(Invalid, match="characters"):
        check(password, "robin.invented")


def test_a_password_with_the_user_name_in_it_is_refused() -> None:
    with pytest.raises(Invalid, match="your user name"):
        check("my ROBIN.invented 27!", "robin.invented")


def test_a_password_is_compared_exactly_as_typed() -> None:
    typed = "Grey heron on the weir"
    kept = hash_password(typed)
    assert matches(typed, kept)
    for other in (typed.lower(), f" {typed}", f"{typed} ", typed[:-1], typed.replace("e", "é")):
        assert not matches(other, kept)
    long = "x" * 100
    assert not matches(long + "y", hash_password(long + "z"))


def test_an_older_hash_is_made_anew() -> None:
    assert is_outdated(PasswordHasher(time_cost=1, memory_cost=8 * 1024).hash("anything"))
    assert not is_outdated(hash_password("anything"))
