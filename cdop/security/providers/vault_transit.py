"""A ring wrapped by HashiCorp Vault's transit engine, over its HTTP interface (version 1).

CDOP_VAULT_ADDR is the server (https, or http on loopback), CDOP_VAULT_KEY the name of a transit
key, CDOP_VAULT_TOKEN_FILE a file with a token that may encrypt, decrypt and rewrap with it;
CDOP_VAULT_MOUNT (transit) and CDOP_VAULT_NAMESPACE as the server has them, CDOP_VAULT_CA_FILE its
certificate authority where that is not the system's.

Written from Vault's published interface and tested against a recording of that; never yet against
a Vault.
"""

import base64
import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from cdop.errors import Misconfigured
from cdop.security.providers.asking import secret_in, wanted

TIMEOUT = 10.0  # seconds
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class VaultTransit:
    """The provider: one request for each call."""

    address: str
    key: str
    token: str = field(repr=False)
    mount: str = "transit"
    namespace: str = ""
    authority: str | None = None
    name: str = "vault-transit"
    wraps: bool = True
    forbidden_mode: int = 0o077

    def wrap(self, ring: bytes) -> bytes:
        """Have the ring encrypted."""
        sent = {"plaintext": base64.b64encode(ring).decode()}
        return self._ask("encrypt", sent, "ciphertext").encode()

    def unwrap(self, wrapped: bytes) -> bytes:
        """Have the ring decrypted."""
        text = self._ask("decrypt", {"ciphertext": wrapped.decode("latin-1")}, "plaintext")
        try:
            return base64.b64decode(text, validate=True)
        except ValueError:
            raise self._failure("answered in another form than expected") from None

    def rewrap(self, wrapped: bytes) -> bytes:
        """Have the ring encrypted anew under the key's newest version; it does not come here."""
        return self._ask("rewrap", {"ciphertext": wrapped.decode("latin-1")}, "ciphertext").encode()

    def mend(self, path: Path) -> str:
        """Say how to close the file."""
        return f"Type: chmod 600 {path}"

    def _ask(self, verb: str, sent: dict[str, str], wanted: str) -> str:
        path = f"/v1/{quote(self.mount)}/{verb}/{quote(self.key, safe='')}"
        headers = {"X-Vault-Token": self.token, "Content-Type": "application/json"}
        if self.namespace:
            headers["X-Vault-Namespace"] = self.namespace
        connection = self._connection()
        try:
            connection.request("POST", path, json.dumps(sent), headers)
            answer = connection.getresponse()
            status, body = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._failure(f"did not answer ({type(error).__name__})") from None
        finally:
            connection.close()
        if status != http.client.OK:
            raise self._failure(f"refused to {verb} ({status} {_REASONS.get(status, 'error')})")
        try:
            found = json.loads(body)["data"][wanted]
        except (ValueError, KeyError, TypeError):
            found = None
        if not isinstance(found, str):
            raise self._failure("answered in another form than expected")
        return found

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.address)
        host = parts.hostname or ""
        if parts.scheme == "http" and host in LOOPBACK:
            return http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT)
        if parts.scheme != "https" or not host:
            raise Misconfigured("CDOP_VAULT_ADDR must begin with https://")
        try:
            context = ssl.create_default_context(cafile=self.authority)
        except OSError:
            raise Misconfigured("The file named by CDOP_VAULT_CA_FILE cannot be read.") from None
        return http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT, context=context)

    def _failure(self, what: str) -> Misconfigured:
        return Misconfigured(
            f"Vault at {self.address} {what}: check the CDOP_VAULT_ settings, and that the token's "
            f"policy allows encrypt, decrypt and rewrap with {self.mount}/{self.key}."
        )


# What Vault's documentation says of its status codes.
_REASONS = {
    400: "the request or the wrapped ring is not valid",
    403: "the token is not accepted or not allowed",
    404: "there is no such mount or key",
    503: "Vault is sealed or in maintenance",
}


def from_settings(settings: Mapping[str, str]) -> VaultTransit:
    """Return the provider. Raises Misconfigured when a setting is missing."""
    return VaultTransit(
        address=wanted(settings, "CDOP_VAULT_ADDR"),
        key=wanted(settings, "CDOP_VAULT_KEY"),
        token=secret_in(settings, "CDOP_VAULT_TOKEN_FILE"),
        mount=settings.get("CDOP_VAULT_MOUNT") or "transit",
        namespace=settings.get("CDOP_VAULT_NAMESPACE", ""),
        authority=settings.get("CDOP_VAULT_CA_FILE"),
    )
