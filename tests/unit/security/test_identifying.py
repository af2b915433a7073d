"""What the door takes from a request before anybody is known: from where, with which browser."""

from collections.abc import Mapping
from typing import Any

import pytest
from fastapi import Request

from cdop.security.actor import Actor
from cdop.sign_in.delays import Visitor
from cdop.web.deps import COOKIE, KNOWN, ConfirmationNeeded, identify, providers_of, visitor_of

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0"


def request(headers: Mapping[str, str], client: tuple[str, int] | None, app: Any = None) -> Request:
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": encoded, "client": client, "app": app})


@pytest.mark.parametrize(
    ("headers", "client", "expected"),
    [
        ({}, None, Visitor("", "a browser")),
        ({}, ("192.0.2.7", 4000), Visitor("192.0.2.7", "a browser")),
        (
            {"user-agent": FIREFOX, "cookie": f"other=1; {KNOWN}=kept"},
            ("192.0.2.7", 4000),
            Visitor("192.0.2.7", "Firefox on Windows", "kept"),
        ),
    ],
)
def test_a_visitor_is_an_address_a_kind_of_browser_and_what_it_keeps(
    headers: Mapping[str, str], client: tuple[str, int] | None, expected: Visitor
) -> None:
    assert visitor_of(request(headers, client)) == expected


@pytest.mark.parametrize("known", [None, Actor("coordinator", "A Coordinator")])
def test_whoever_was_found_out_once_is_not_looked_up_again(known: Actor | None) -> None:
    """The page of an error asks again, and has no register to ask when that is what failed."""
    asked = request({"cookie": f"{COOKIE}=a token"}, None)
    asked.state.actor = known
    assert identify(asked) is known


def test_providers_are_those_of_the_app() -> None:
    class App:
        class state:  # noqa: N801 - Starlette's name for it
            providers = ("one", "two")

    assert [str(each) for each in providers_of(request({}, None, App))] == ["one", "two"]


def test_a_question_for_the_second_factor_says_what_was_wrong_or_nothing() -> None:
    assert ConfirmationNeeded().fault is None
    assert ConfirmationNeeded("It was used before").fault == "It was used before"
