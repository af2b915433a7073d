"""A file of providers that is doubtful is refused at the start, with the setting named."""

from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from cdop.errors import Misconfigured
from cdop.security.single_sign_on import configuration

GOOD = """
[[provider]]
id = "county"
label = "County sign-in"
issuer = "https://id.example.org"
client_id = "cdop"
secret_file = "secret"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    secret = tmp_path / "secret"
    secret.write_text("an invented secret\n")
    secret.chmod(0o600)
    return tmp_path


def load(folder: Path, text: str) -> tuple[configuration.Trusted, ...]:
    file = folder / "providers.toml"
    file.write_text(text)
    return configuration.load(file)


def test_without_a_file_there_is_no_provider() -> None:
    assert configuration.load(None) == ()


def test_a_secret_is_read_and_not_shown(folder: Path) -> None:
    (found,) = load(folder, GOOD)
    assert found.secret == "an invented secret"
    assert "invented" not in repr(found)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('"https://id.example.org"', '"http://id.example.org"'), "issuer"),
        (('"https://id.example.org"', '"https://id.example.org?x=1"'), "issuer"),
        (('"county"', '"The County"'), "id"),
        (('secret_file = "secret"', ""), "secret_file"),
        (('secret_file = "secret"', 'secret_file = "nothing"'), "secret_file"),
        (('secret_file = "secret"', 'client_authentication = "private_key_jwt"'), "key_file"),
        (('client_id = "cdop"', 'client_id = "cdop"\nscope = "profile"'), "scope"),
        (('client_id = "cdop"', 'client_id = "cdop"\nsigned_by = ["none"]'), "signed_by"),
        (('client_id = "cdop"', 'client_id = "cdop"\nsigned_by = ["HS256"]'), "signed_by"),
        (('client_id = "cdop"', 'client_id = "cdop"\nask = {nonce = "x"}'), "ask"),
        (('client_id = "cdop"', 'client_id = "cdop"\nmatch_by_email = true'), "match_by_email"),
    ],
    ids=str,
)
def test_a_doubtful_setting_is_named(folder: Path, change: tuple[str, str], named: str) -> None:
    with pytest.raises(Misconfigured, match=named):
        load(folder, GOOD.replace(*change))


def test_a_provider_stands_there_once(folder: Path) -> None:
    with pytest.raises(Misconfigured, match="twice"):
        load(folder, GOOD + GOOD)


def test_a_secret_that_everybody_may_read_is_refused(folder: Path) -> None:
    (folder / "secret").chmod(0o644)
    with pytest.raises(Misconfigured, match="open to everybody"):
        load(folder, GOOD)


@pytest.mark.parametrize("text", ["no TOML", "\xff"])
def test_a_file_that_cannot_be_read_is_refused(folder: Path, text: str) -> None:
    with pytest.raises(Misconfigured, match="CDOP_OIDC"):
        load(folder, text)


def test_a_key_that_is_none_is_refused(folder: Path) -> None:
    text = GOOD.replace(
        'secret_file = "secret"', 'client_authentication = "private_key_jwt"\nkey_file = "secret"'
    )
    with pytest.raises(Misconfigured, match="key_file"):
        load(folder, text)


def test_the_examples_hold_together(folder: Path) -> None:
    key = RSAKey.generate_key(2048).as_pem(private=True)
    for name, content in (("cis2.pem", key), ("entra.secret", b"an invented secret")):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    example = Path(configuration.__file__).with_name("examples.toml")
    cis2, entra = load(folder, example.read_text())
    assert cis2.key.kid == "cdop-1"
    assert cis2.provider.client_authentication == "private_key_jwt"
    assert str(entra.provider.claims["tid"]) in entra.provider.issuer
