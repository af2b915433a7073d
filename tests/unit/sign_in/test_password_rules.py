"""A password is long and not soon guessed; no rule asks for kinds of characters."""

import pytest

from cdop.errors import Invalid
from cdop.sign_in.passwords import check


@pytest.mark.parametrize(
    "password",
    [
        "eleven grey herons",
        "horses and staples",
        "alllowercaseandnodigits",
        "x9!Kq#2vLmZp",
        "ein langes Wort für Übermut",
        "eleven grey herons stood by the mill pond " * 20,
        "qju7a-jkejp-6c5u7-jamj5",  # as `generate` makes them
    ],
)
def test_a_long_password_of_any_characters_is_taken(password):
    check(password, "anna.invented")


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("x9!Kq#2vLmZ", "at least 12 characters"),
        ("x" * 1001, "1000 characters or fewer"),
        ("my name is anna.invented", "must not contain your user name"),
        ("MY NAME IS ANNA.INVENTED", "must not contain your user name"),
    ],
)
def test_a_short_or_endless_one_or_ones_own_name_is_refused(password, sentence):
    with pytest.raises(Invalid, match=sentence) as caught:
        check(password, "anna.invented")
    assert list(caught.value.fields) == ["password"]


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "passwordpassword",
        "Passw0rd1234!",
        "qwertyuiop123",
        "letmeinletmein",
        "123456789012",
        "aaaaaaaaaaaaaaaaaaaa",
        "administrator1",
        "safeguarding2026",
        "childdeath2026",
        "Herefordshire1",
        "invented2026!",
    ],
)
def test_one_that_is_guessed_soon_is_refused_and_never_repeated(password):
    with pytest.raises(Invalid, match="easily guessed") as caught:
        check(password, "anna.invented")
    assert password not in str(caught.value)


@pytest.mark.parametrize("username", ["quibble.amberwick", "quibble-amberwick"])
def test_ones_own_names_turned_round_are_guessed_soon_and_are_nothing_to_a_stranger(username):
    with pytest.raises(Invalid, match="easily guessed"):
        check("amberwick quibble", username)
    check("amberwick quibble", "anna.invented")
