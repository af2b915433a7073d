"""The doctor asks each identity provider whether it answers, and how long its keys count."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey

from cdop.config import Settings
from cdop.doctor import providers
from cdop.doctor.checks import OK, SKIPPED, WEAK, WRONG, Check

Ask = Callable[..., Check]


@pytest.fixture
def pages() -> Iterator[tuple[str, dict[str, object]]]:
    """A server on loopback: its address, and the documents that it answers with, by path."""
    documents: dict[str, object] = {}

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = documents.get(self.path)
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(json.dumps(found or {}).encode())

        def log_message(self, *_: object) -> None:
            """Keep silent."""

    server = HTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", documents
    server.shutdown()
    server.server_close()


def key(days: int | None) -> dict[str, object]:
    """Return a signing key as a provider publishes it, its certificate good for so many days."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    shown: dict[str, object] = dict(ECKey.import_key(pem).as_dict(private=False))
    if days is None:
        return shown
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "invented")])
    end = datetime.now(UTC) + timedelta(days=days)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(end - timedelta(days=400))
        .not_valid_after(end)
        .sign(private, hashes.SHA256())
    )
    der = made.public_bytes(serialization.Encoding.DER)
    return shown | {"x5c": [base64.b64encode(der).decode()]}


@pytest.fixture
def visit(pages: tuple[str, dict[str, object]], tmp_path: Path) -> Ask:
    """Ask the doctor about a provider that publishes some keys."""
    address, documents = pages

    def ask(*keys: dict[str, object], calls_itself: str = address) -> Check:
        documents["/jwks"] = {"keys": list(keys)}
        documents["/.well-known/openid-configuration"] = {
            "issuer": calls_itself,
            "authorization_endpoint": f"{address}/ask",
            "token_endpoint": f"{address}/token",
            "jwks_uri": f"{address}/jwks",
        }
        return providers.check(settings(tmp_path, address))

    return ask


def settings(folder: Path, issuer: str) -> Settings:
    secret = folder / "secret"
    secret.write_text("an invented secret")
    secret.chmod(0o600)
    file = folder / "oidc.toml"
    file.write_text(
        f'[[provider]]\nid = "county"\nlabel = "County"\nissuer = "{issuer}"\n'
        'client_id = "cdop"\nsecret_file = "secret"\n'
    )
    return Settings(folder, "sqlite:///none", folder / "keys.json", oidc=file)


def test_a_provider_that_answers_with_keys_that_count_is_well(visit: Ask) -> None:
    assert (visit(key(None)).state, visit(key(400)).state) == (OK, OK)
    assert visit(key(-1), key(400)).state == OK  # an old key beside a new one


def test_keys_that_expire_are_told_before_and_after(visit: Ask) -> None:
    soon, over = visit(key(10)), visit(key(-1))
    assert (soon.state, over.state) == (WEAK, WRONG)
    assert f"{datetime.now(UTC) + timedelta(days=10):%Y-%m-%d}" in soon.found
    assert over.found == "the certificates of all keys of county have expired"
    assert over.mend


def test_a_provider_that_is_another_or_has_no_keys_does_not_answer(visit: Ask) -> None:
    for found in (visit(key(None), calls_itself="https://elsewhere.example"), visit()):
        assert found.state == WRONG
        assert "county does not answer" in found.found


def test_a_provider_that_is_down_and_a_file_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    nobody_there = settings(tmp_path, "http://127.0.0.1:9")
    down = providers.check(nobody_there)
    assert (down.state, "county does not answer" in down.found) == (WRONG, True)
    (tmp_path / "secret").unlink()
    lost = providers.check(nobody_there)
    assert lost.state == WRONG
    assert "secret_file of county" in lost.found


def test_without_providers_there_is_nothing_to_ask(tmp_path: Path) -> None:
    named_none = Settings(tmp_path, "sqlite:///none", tmp_path / "keys.json")
    assert providers.check(named_none).state == SKIPPED
