"""Asking a provider over HTTP: what it can do, its keys, and an ID token for a code.

A provider that is slow or down must not hold up the register's few threads: waits are short, few
ask at a time, and one that has just failed is not asked again for a while.
"""

import logging
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx
from authlib.oauth2.rfc7523 import private_key_jwt_sign  # type: ignore[import-untyped]
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, import_key

from cdop.errors import CdopError
from cdop.security.single_sign_on.configuration import Provider, Trusted, check_address
from cdop.security.single_sign_on.tokens import NotProved

log = logging.getLogger("cdop.single_sign_on")

_TIMEOUT = httpx.Timeout(3.0, connect=2.0)
_KEPT = timedelta(hours=1)
_RESTS = timedelta(seconds=20)
# An unknown key is looked for at once, but strangers' tokens must not make us ask all day.
_KEYS_AGAIN = timedelta(seconds=30)
_AT_ONCE = threading.BoundedSemaphore(2)
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIVES = 120  # seconds; CIS2 takes no more than a few minutes


class Unavailable(CdopError):
    """The provider does not answer, or not sensibly. Signing in by password still works."""

    def __init__(self) -> None:
        super().__init__("The identity provider does not answer.")


@dataclass(frozen=True)
class Metadata:
    """Where a provider is asked (OpenID Connect Discovery 1.0)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None
    names_itself: bool


@dataclass
class Asked:
    """A provider with what it last said of itself. Shared by threads; kept by the process."""

    trusted: Trusted
    now: Callable[[], datetime]
    transport: httpx.BaseTransport | None = None
    _metadata: Metadata | None = None
    _keys: KeySet | None = None
    _read_at: datetime | None = None
    _keys_at: datetime | None = None
    _failed_at: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def provider(self) -> Provider:
        """Return how the provider is configured."""
        return self.trusted.provider

    def metadata(self) -> Metadata:
        """Return where it is asked, read again every hour. Raises Unavailable."""
        with self._lock:
            return self._known()

    def signing_keys(self) -> KeySet:
        """Return the keys that it signs with. Raises Unavailable."""
        with self._lock:
            self._known()
            if self._keys is None:
                self._read_keys()
            assert self._keys is not None
            return self._keys

    def signing_keys_again(self) -> KeySet:
        """Return its keys, read anew unless they just were: it may have changed them."""
        with self._lock:
            self._known()
            if self._keys_at is None or self.now() - self._keys_at >= _KEYS_AGAIN:
                self._read_keys()
            assert self._keys is not None
            return self._keys

    def tokens_for(self, code: str, verifier: str, redirect_uri: str) -> tuple[str, str | None]:
        """Exchange a code. Returns the ID token and the access token, which only proves the first.

        Raises NotProved when the provider does not take the code, Unavailable.
        """
        metadata = self.metadata()
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        said = self._ask("POST", metadata.token_endpoint, **self._proving(metadata, body))
        id_token, access_token = said.get("id_token"), said.get("access_token")
        if not isinstance(id_token, str):
            raise NotProved("code")
        return id_token, access_token if isinstance(access_token, str) else None

    def _proving(self, metadata: Metadata, body: dict[str, str]) -> dict[str, Any]:
        """Return a request to the token endpoint that proves who we are."""
        provider, secret = self.provider, self.trusted.secret
        if provider.client_authentication == "client_secret_basic":
            assert secret
            return {"data": body, "auth": httpx.BasicAuth(provider.client_id, secret)}
        if provider.client_authentication == "client_secret_post":
            return {"data": body | {"client_id": provider.client_id, "client_secret": secret}}
        assertion = private_key_jwt_sign(
            self.trusted.key,
            provider.client_id,
            metadata.token_endpoint,
            provider.signing,
            header={"kid": self.trusted.key.kid, "typ": "JWT"},
            issued_at=int(self.now().timestamp()),
            expires_in=_ASSERTION_LIVES,
        )
        return {
            "data": body
            | {
                "client_id": provider.client_id,
                "client_assertion_type": _ASSERTION,
                "client_assertion": assertion,
            }
        }

    def _known(self) -> Metadata:
        now = self.now()
        if self._metadata and self._read_at and now - self._read_at < _KEPT:
            return self._metadata
        try:
            address = f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration"
            self._metadata = _metadata(self.provider, self._ask("GET", address))
            self._read_keys()
            self._read_at = now
        except Unavailable:
            if self._metadata is None:
                raise
            self._read_at = now - _KEPT + _RESTS  # what it last said serves until it answers
        return self._metadata

    def _read_keys(self) -> None:
        assert self._metadata
        self._keys = _keys(self._ask("GET", self._metadata.jwks_uri))
        self._keys_at = self.now()

    def _ask(self, method: str, address: str, **request: Any) -> dict[str, Any]:
        """Return what the provider answers; a refusal (4xx) of what we sent is an empty answer."""
        now = self.now()
        if self._failed_at and now - self._failed_at < _RESTS:
            raise Unavailable
        if not _AT_ONCE.acquire(timeout=_TIMEOUT.connect):
            raise Unavailable
        try:
            # A client for each question: no cookie of one person's sign-in goes with another's.
            with httpx.Client(
                verify=_certificates(), timeout=_TIMEOUT, transport=self.transport
            ) as client:
                answer = client.request(
                    method, address, headers={"Accept": "application/json"}, **request
                )
            said = answer.json() if answer.is_success else {}
        except (httpx.HTTPError, ValueError) as error:
            self._note_failure(type(error).__name__)
            raise Unavailable from error
        finally:
            _AT_ONCE.release()
        if answer.status_code >= 500 or not isinstance(said, dict):
            self._note_failure(str(answer.status_code))
            raise Unavailable
        self._failed_at = None
        return said

    def _note_failure(self, what: str) -> None:
        self._failed_at = self.now()
        log.warning("identity provider %s does not answer: %s", self.provider.id, what)


@cache
def _certificates() -> ssl.SSLContext:
    """Return whom TLS trusts, read once: that takes longer than the question."""
    return httpx.create_ssl_context()


def _metadata(provider: Provider, said: dict[str, Any]) -> Metadata:
    """Return the metadata of a provider that is the one configured, and can do what we ask."""
    if said.get("issuer") != provider.issuer:
        log.warning("identity provider %s calls itself by another issuer", provider.id)
        raise Unavailable
    found = {}
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"):
        address = said.get(name)
        if address is None and name == "end_session_endpoint":
            continue
        try:
            check_address(str(address).partition("?")[0])
        except ValueError:
            log.warning("identity provider %s gives no usable %s", provider.id, name)
            raise Unavailable from None
        found[name] = str(address)
    return Metadata(
        authorization_endpoint=found["authorization_endpoint"],
        token_endpoint=found["token_endpoint"],
        jwks_uri=found["jwks_uri"],
        end_session_endpoint=found.get("end_session_endpoint"),
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


def _keys(said: dict[str, Any]) -> KeySet:
    """Return the keys that can verify; those for other uses, or of unknown kinds, are left out."""
    found: list[Key] = []
    for each in said.get("keys") or []:
        if not isinstance(each, dict) or each.get("use") not in (None, "sig"):
            continue
        if each.get("kty") not in ("RSA", "EC"):
            continue
        try:
            found.append(import_key(each))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    if not found:
        raise Unavailable
    return KeySet(found)
