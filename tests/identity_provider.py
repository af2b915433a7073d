"""An identity provider that is not ours (Canaille), as a process of its own on loopback.

A conftest takes the fixture with

    from tests.identity_provider import identity_provider  # noqa: F401

It knows two people, `anna` and `bert`, each with PASSWORD. A test makes the register a client of it
(`configure`); `sign_in_there` is a person at its login page. Its keys are made here, so that a test
can sign what only the provider could.
"""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from cdop.config import ROOT

PASSWORD = "an invented password at the provider"
PEOPLE = ("anna", "bert")
CALLBACK = "/sign-in/from/county"


@dataclass
class IdentityProvider:
    """A provider that runs: its issuer, the key that it signs with, our key as its client."""

    issuer: str
    key: RSAKey
    client_key: RSAKey

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """Return a token as the provider would sign it."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid, **header}, claims, self.key)

    def configure(
        self, folder: Path, origin: str, method: str = "client_secret_basic", **more: Any
    ) -> Path:
        """Make the register at `origin` a client of the provider. Returns its CDOP_OIDC file.

        `more` is added to the entry, `county`.
        """
        keys = {"keys": [self.client_key.as_dict(private=False)]}
        asked = {
            "client_name": "cdop in a test",
            "client_uri": "http://localhost",  # a place that the provider trusts: no consent page
            "redirect_uris": [origin + CALLBACK],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "scope": "openid",
            "token_endpoint_auth_method": method,
            "jwks": keys,
        }
        made = httpx.post(f"{self.issuer}/oauth/register", json=asked).raise_for_status().json()
        by_key = method == "private_key_jwt"
        secret = self.client_key.as_pem(private=True).decode() if by_key else made["client_secret"]
        (folder / "secret").write_text(secret)
        (folder / "secret").chmod(0o600)
        entry = {
            "id": "county",
            "label": "County sign-in",
            "issuer": self.issuer,
            "client_id": made["client_id"],
            "client_authentication": method,
            "key_file" if by_key else "secret_file": "secret",
        }
        file = folder / "providers.toml"
        file.write_text(_toml(entry | more))
        return file


def _toml(entry: dict[str, Any]) -> str:
    """Return an entry as TOML: JSON's strings and numbers are TOML's, its objects inline tables."""

    def value(each: Any) -> str:
        if isinstance(each, dict):
            return "{" + ", ".join(f"{k} = {value(v)}" for k, v in each.items()) + "}"
        return json.dumps(each)

    return "[[provider]]\n" + "\n".join(f"{name} = {value(v)}" for name, v in entry.items()) + "\n"


@pytest.fixture(scope="session")
def identity_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    """A provider on a free port of loopback, for as long as the tests run."""
    key, client_key = (RSAKey.generate_key(2048, auto_kid=True) for _ in range(2))
    port = _free_port()
    found = IdentityProvider(f"http://localhost:{port}", key, client_key)
    told = {"port": port, "key": key.as_dict(private=True)}
    with (tmp_path_factory.mktemp("provider") / "log").open("w+") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.identity_provider"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=written,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            process.stdin.write(json.dumps(told))
            process.stdin.close()
            _wait_for(found.issuer, process, written)
            yield found
        finally:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(issuer: str, process: subprocess.Popen[str], written: Any) -> None:
    for _ in range(600):
        try:
            httpx.get(f"{issuer}/.well-known/openid-configuration").raise_for_status()
            return
        except httpx.HTTPError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
    written.seek(0)
    pytest.fail(f"the identity provider did not start:\n{written.read()}")


def sign_in_there(address: str, person: str, browser: httpx.Client | None = None) -> str:
    """Sign in at the provider's own pages, as a browser without JavaScript; or refuse.

    Returns the address at which the provider sends the browser back to the register.
    """
    browser = browser or httpx.Client()
    answer = browser.get(address)
    fields: dict[str, str] = {"login": person}
    for _ in range(8):
        while answer.is_redirect:
            to = str(answer.next_request.url)
            if "code=" in to or "error=" in to:
                return to
            answer = browser.get(to)
        page = answer.text
        csrf = re.search(r'name="csrf_token"[^>]*value="([^"]*)"', page)
        fields = {"csrf_token": csrf[1] if csrf else ""}
        if 'name="password"' in page:
            fields["password"] = PASSWORD
        elif 'name="login"' in page:
            fields["login"] = person
        else:
            fields["answer"] = "accept"
        answer = browser.post(str(answer.url), data=fields)
    raise AssertionError(f"the provider did not send us back: {answer.status_code} {answer.url}")


def _meet_every_filter(store: Any) -> None:
    """Let the provider's store in memory return what meets every filter of a query.

    Canaille 0.3.6 returns what meets any of them: it then takes whatever stands in place of a code
    as the client's latest. Its store in a database does not.
    """
    by_any = store.do_query

    def by_all(self: Any, model: Any, *_: Any, **filters: Any) -> Any:
        found = by_any(self, model, **filters)
        for name, value in filters.items():
            met = {each.id for each in by_any(self, model, **{name: value})}
            found = [each for each in found if each.id in met]
        return found

    store.do_query = by_all


def _serve() -> None:
    """Be the provider: what it is told comes on standard input."""
    from canaille import create_app  # type: ignore[import-untyped]
    from canaille.app import models  # type: ignore[import-untyped]
    from canaille.backends import Backend  # type: ignore[import-untyped]
    from canaille.backends.memory.backend import MemoryBackend  # type: ignore[import-untyped]
    from werkzeug.serving import run_simple

    _meet_every_filter(MemoryBackend)
    told = json.loads(sys.stdin.read())
    app = create_app(
        config={
            "SECRET_KEY": "an invented secret of a provider in a test",
            "SERVER_NAME": f"localhost:{told['port']}",
            "PREFERRED_URL_SCHEME": "http",
            "CANAILLE": {"DATABASE": "memory", "SMTP": None, "EMAIL_CONFIRMATION": False},
            "CANAILLE_OIDC": {
                "ACTIVE_JWKS": [told["key"]],
                "DYNAMIC_CLIENT_REGISTRATION_OPEN": True,
            },
        }
    )
    with app.app_context(), Backend.instance.session():
        for name in PEOPLE:
            Backend.instance.save(
                models.User(
                    user_name=name,
                    family_name="Invented",
                    formatted_name=f"{name.title()} Invented",
                    emails=[f"{name}@example.org"],
                    password=PASSWORD,
                )
            )
    run_simple("127.0.0.1", told["port"], app, threaded=True)


if __name__ == "__main__":
    _serve()
