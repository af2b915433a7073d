"""Settings that would make a register unsafe, or useless, are refused with a sentence."""

import pytest

from cdop import config
from cdop.errors import Misconfigured


@pytest.mark.parametrize(
    ("origin", "port", "known_as"),
    [
        (None, None, "http://localhost:8000"),
        (None, "8123", "http://localhost:8123"),
        ("https://cdop.example.org", "8123", "https://cdop.example.org"),
        ("https://cdop.example.org:8443", None, "https://cdop.example.org:8443"),
    ],
)
def test_the_address_that_people_type(
    monkeypatch: pytest.MonkeyPatch, origin: str | None, port: str | None, known_as: str
) -> None:
    for name, value in (("CDOP_ORIGIN", origin), ("PORT", port)):
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
    assert config.load().origin == known_as


@pytest.mark.parametrize(
    "origin",
    [
        "cdop.example.org",
        "http://cdop.example.org",
        "http://127.0.0.1:8000",
        "https://cdop.example.org/",
        "https://cdop.example.org/register",
        "https://Cdop.example.org",
        "https://user@cdop.example.org",
        "ftp://localhost",
        "https://",
    ],
)
def test_an_address_that_is_no_origin_is_refused(
    monkeypatch: pytest.MonkeyPatch, origin: str
) -> None:
    monkeypatch.setenv("CDOP_ORIGIN", origin)
    with pytest.raises(Misconfigured, match="CDOP_ORIGIN"):
        config.load()


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan", "1e9"])
def test_a_time_for_the_proof_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, seconds: str
) -> None:
    monkeypatch.setenv("CDOP_PROOF_SECONDS", "1200")
    assert config.load().proof_seconds == 1200
    monkeypatch.setenv("CDOP_PROOF_SECONDS", seconds)
    with pytest.raises(Misconfigured, match="CDOP_PROOF_SECONDS"):
        config.load()
