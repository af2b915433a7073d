"""What guards the key file: its mode, a token, or a Vault; and the sentence when it does not."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cdop.config import Settings
from cdop.errors import Misconfigured
from cdop.security import custody, keys
from cdop.security.keys import Ring
from cdop.security.providers.vault_transit import VaultTransit
from tests.unit.security.vault_contract import KEY, SAMPLES, TOKEN, Recorded, vault

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
INSTALL = "SoftHSM is not here. As root, type: apt-get install -y softhsm2"


def settings(folder: Path, provider: str = "file", **key_settings: str) -> Settings:
    return Settings(folder, "sqlite://", folder / "keys.json", provider, key_settings)


def private(path: Path, text: str, mode: int = 0o600) -> str:
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def wrapped_well(here: Settings) -> Ring:
    """Make a wrapped key file, and see that it reads back and shows no key."""
    ring = custody.create(here)
    assert custody.load(here) == ring
    shown = here.keys.read_bytes()
    assert json.loads(shown)["provider"] == here.key_provider
    for key in (ring.anchor, *ring.sealing.values(), *ring.index.values()):
        assert key not in shown
        assert json.dumps(keys._text(key)).encode() not in shown
    assert here.keys.stat().st_mode & 0o777 == 0o600
    return ring


def test_an_unknown_provider_is_refused_with_those_there_are(tmp_path: Path) -> None:
    for call in (custody.load, custody.create):
        with pytest.raises(Misconfigured) as caught:
            call(settings(tmp_path, "tape"))
        assert str(caught.value) == (
            "CDOP_KEY_PROVIDER is 'tape'; it is one of file, secret, pkcs11, vault-transit."
        )
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600, 0o640])
def test_a_mounted_secret_may_be_a_group_s(tmp_path: Path, mode: int) -> None:
    ring = custody.create(settings(tmp_path))
    (tmp_path / "keys.json").chmod(mode)
    assert custody.load(settings(tmp_path, "secret")) == ring


@pytest.mark.parametrize("mode", [0o444, 0o644, 0o604, 0o402, 0o441])
def test_a_mounted_secret_is_never_everybody_s(tmp_path: Path, mode: int) -> None:
    custody.create(settings(tmp_path))
    (tmp_path / "keys.json").chmod(mode)
    with pytest.raises(Misconfigured, match="can be read by others"):
        custody.load(settings(tmp_path, "secret"))


@pytest.mark.parametrize("text", ["", "changeme", "CHANGE-ME", '{"format": 1}', "\n"])
def test_a_placeholder_in_place_of_a_secret_is_refused(tmp_path: Path, text: str) -> None:
    private(tmp_path / "keys.json", text, 0o400)
    with pytest.raises(Misconfigured, match="holds a placeholder"):
        custody.load(settings(tmp_path, "secret"))


def test_a_file_wrapped_by_one_provider_is_not_read_by_another(tmp_path: Path) -> None:
    custody.create(settings(tmp_path))
    here = settings(tmp_path, "vault-transit", **transit_settings(tmp_path, "https://vault"))
    with pytest.raises(Misconfigured, match="is not wrapped at all, but CDOP_KEY_PROVIDER says"):
        custody.load(here)
    private(tmp_path / "keys.json", '{"format": 1, "provider": "pkcs11", "wrapped": "AAAA"}')
    with pytest.raises(Misconfigured, match="is wrapped by 'pkcs11', but"):
        custody.load(here)
    with pytest.raises(Misconfigured, match="is wrapped by 'pkcs11', but"):
        custody.load(settings(tmp_path))


# PKCS#11, with SoftHSM


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A SoftHSM token with two keys, of which the first is named in the settings."""
    if not (Path(SOFTHSM).exists() and shutil.which("softhsm2-util")):
        pytest.fail(INSTALL)
    import pkcs11

    (tmp_path / "tokens").mkdir()
    configuration = tmp_path / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tmp_path / 'tokens'}\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    command = ["softhsm2-util", "--init-token", "--free", "--label", "cdop", "--pin", "2580"]
    subprocess.run([*command, "--so-pin", "1470"], check=True, capture_output=True)
    library = pkcs11.lib(SOFTHSM)
    library.reinitialize()
    with library.get_token(token_label="cdop").open(user_pin="2580", rw=True) as session:
        for label in ("ring-1", "ring-2"):
            session.generate_key(pkcs11.KeyType.AES, 256, label=label, store=True)
    yield settings(
        tmp_path,
        "pkcs11",
        CDOP_PKCS11_MODULE=SOFTHSM,
        CDOP_PKCS11_TOKEN="cdop",
        CDOP_PKCS11_KEY="ring-1",
        CDOP_PKCS11_PIN_FILE=private(tmp_path / "pin", "2580\n"),
    )
    library.finalize()


def changed(here: Settings, **key_settings: str) -> Settings:
    return replace(here, key_settings={**here.key_settings, **key_settings})


def test_a_token_wraps_the_ring_and_another_key_of_it_takes_over(token: Settings) -> None:
    ring = wrapped_well(token)
    newer = changed(token, CDOP_PKCS11_KEY="ring-2")
    assert custody.load(newer) == ring, "the file says which key wrapped it"
    before = token.keys.read_bytes()
    assert keys.rewrap(newer.keys, custody.provider_of(newer))
    assert token.keys.read_bytes() != before
    assert custody.load(newer) == ring
    keys.save(newer.keys, ring.added(), custody.provider_of(newer))
    assert set(custody.load(newer).sealing) == {1, 2}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("CDOP_PKCS11_TOKEN", "another", "did not wrap or unwrap"),
        ("CDOP_PKCS11_MODULE", "/nowhere/lib.so", "did not wrap or unwrap"),
        ("CDOP_PKCS11_MODULE", "", "needs CDOP_PKCS11_MODULE"),
        ("CDOP_PKCS11_PIN_FILE", "/nowhere/pin", "cannot be read"),
    ],
)
def test_a_token_that_cannot_be_used_says_what_to_check(
    token: Settings, name: str, value: str, sentence: str
) -> None:
    custody.create(token)
    with pytest.raises(Misconfigured, match=sentence) as caught:
        custody.load(changed(token, **{name: value}))
    assert "2580" not in str(caught.value)


def test_a_wrong_pin_and_a_changed_file_are_refused(token: Settings) -> None:
    custody.create(token)
    wrong = private(token.data / "wrong", "0000")
    with pytest.raises(Misconfigured, match="did not wrap or unwrap"):
        custody.load(changed(token, CDOP_PKCS11_PIN_FILE=wrong))
    document = json.loads(token.keys.read_bytes())
    wrapped = bytearray(base64.b64decode(document["wrapped"]))
    for at in (0, 3, 12, len(wrapped) // 2, len(wrapped) - 1):
        changed_bytes = bytearray(wrapped)
        changed_bytes[at] ^= 1
        text = json.dumps(document | {"wrapped": keys._text(bytes(changed_bytes))})
        private(token.keys, text)
        with pytest.raises(Misconfigured):
            custody.load(token)


def test_the_pin_s_file_is_not_everybody_s(token: Settings) -> None:
    Path(token.key_settings["CDOP_PKCS11_PIN_FILE"]).chmod(0o644)
    with pytest.raises(Misconfigured, match="open to everybody"):
        custody.load(token)


# Vault transit, against its recorded contract


def transit_settings(folder: Path, address: str) -> dict[str, str]:
    return {
        "CDOP_VAULT_ADDR": address,
        "CDOP_VAULT_KEY": KEY,
        "CDOP_VAULT_TOKEN_FILE": private(folder / "token", TOKEN),
    }


@pytest.fixture
def transit() -> Iterator[Recorded]:
    with vault() as recorded:
        yield recorded


@pytest.fixture
def behind(tmp_path: Path, transit: Recorded) -> Settings:
    return settings(tmp_path, "vault-transit", **transit_settings(tmp_path, transit.address))


def test_vault_wraps_the_ring_and_rewraps_it_unseen(behind: Settings, transit: Recorded) -> None:
    ring = wrapped_well(behind)
    transit.version, transit.asked = 2, []
    assert keys.rewrap(behind.keys, custody.provider_of(behind))
    ((path, _, sent),) = transit.asked
    assert path == f"/v1/transit/rewrap/{KEY}"
    assert set(sent) == {"ciphertext"}, "the ring itself is not sent to be rewrapped"
    assert custody.load(behind) == ring


def test_vault_is_asked_as_its_documentation_says(transit: Recorded) -> None:
    provider = VaultTransit(transit.address, "my-key", TOKEN, mount="a/b", namespace="county")
    said = [json.dumps(SAMPLES[verb]).encode() for verb in ("encrypt", "decrypt", "rewrap")]
    text = b"the quick brown fox\n"
    transit.answer = 200, said[0]
    wrapped = provider.wrap(text)
    assert wrapped == b"vault:v1:XjsPWPjqPrBi1N2Ms2s1QM798YyFWnO4TR4lsFA="
    transit.answer = 200, said[1]
    assert provider.unwrap(wrapped) == text
    transit.answer = 200, said[2]
    assert provider.rewrap(wrapped) == b"vault:v2:abcdefgh"
    ciphertext = {"ciphertext": wrapped.decode()}
    assert [(path, sent) for path, _, sent in transit.asked] == [
        ("/v1/a/b/encrypt/my-key", {"plaintext": "dGhlIHF1aWNrIGJyb3duIGZveAo="}),
        ("/v1/a/b/decrypt/my-key", ciphertext),
        ("/v1/a/b/rewrap/my-key", ciphertext),
    ]
    for _, headers, _ in transit.asked:
        assert (headers["X-Vault-Token"], headers["X-Vault-Namespace"]) == (TOKEN, "county")


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (400, b'{"errors": ["invalid ciphertext"]}', "refused to decrypt .400"),
        (403, b'{"errors": ["permission denied"]}', "the token is not accepted"),
        (404, b'{"errors": []}', "no such mount or key"),
        (503, b'{"errors": ["Vault is sealed"]}', "Vault is sealed"),
        (500, b"<html>", "refused to decrypt .500"),
        (200, b"<html>", "answered in another form"),
        (200, b'{"data": {}}', "answered in another form"),
        (200, b'{"data": {"plaintext": 5}}', "answered in another form"),
        (200, b'{"data": {"plaintext": "!"}}', "answered in another form"),
        (200, b'{"data": {"plaintext": "AAAA"}}', "not a whole key file"),
    ],
)
def test_a_vault_that_does_not_unwrap_is_a_sentence_without_its_token(
    behind: Settings, transit: Recorded, status: int, body: bytes, sentence: str
) -> None:
    custody.create(behind)
    transit.answer = status, body
    with pytest.raises(Misconfigured, match=sentence) as caught:
        custody.load(behind)
    assert TOKEN not in str(caught.value)


def test_a_vault_that_is_not_there_or_not_https_is_refused(tmp_path: Path) -> None:
    for address, sentence in {
        "http://127.0.0.1:9": "did not answer",
        "http://vault.example": "must begin with https://",
        "ftp://127.0.0.1": "must begin with https://",
    }.items():
        here = settings(tmp_path, "vault-transit", **transit_settings(tmp_path, address))
        with pytest.raises(Misconfigured, match=sentence):
            custody.create(here)
    assert not here.keys.exists()
    with pytest.raises(Misconfigured, match="needs CDOP_VAULT_ADDR"):
        custody.load(settings(tmp_path, "vault-transit"))
