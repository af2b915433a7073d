"""A ring wrapped by a key in a hardware security module, through PKCS#11.

Needs the package python-pkcs11. CDOP_PKCS11_MODULE is the module's library, CDOP_PKCS11_TOKEN the
token's label, CDOP_PKCS11_KEY the label of a 256-bit AES key on it, CDOP_PKCS11_PIN_FILE a file
with the user's PIN. The key never leaves the token: it wraps with AES-GCM there.

The wrapped form begins with the key's label: to change the key, make another on the token, name it
in CDOP_PKCS11_KEY and type `cdop keys rewrap`.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cdop.errors import Misconfigured
from cdop.security.providers.asking import secret_in, wanted

NONCE_BYTES, TAG_BITS = 12, 128
BOUND_TO = b"cdop key ring"


@dataclass(frozen=True)
class Pkcs11:
    """The provider: one short session for each call."""

    module: str
    token: str
    key: str
    pin: str = field(repr=False)
    name: str = "pkcs11"
    wraps: bool = True
    forbidden_mode: int = 0o077

    def wrap(self, ring: bytes) -> bytes:
        """Wrap the ring on the token."""
        label, nonce = self.key.encode(), secrets.token_bytes(NONCE_BYTES)
        with self._key(self.key) as (key, mechanism):
            wrapped: bytes = key.encrypt(ring, **mechanism(nonce))
        return len(label).to_bytes(2) + label + nonce + wrapped

    def unwrap(self, wrapped: bytes) -> bytes:
        """Unwrap the ring on the token, by the key that wrapped it."""
        end = 2 + int.from_bytes(wrapped[:2])
        label, nonce = wrapped[2:end], wrapped[end : end + NONCE_BYTES]
        with self._key(label.decode(errors="replace")) as (key, mechanism):
            ring: bytes = key.decrypt(wrapped[end + NONCE_BYTES :], **mechanism(nonce))
        return ring

    def rewrap(self, wrapped: bytes) -> bytes:
        """Wrap the ring anew under the key that the settings name."""
        return self.wrap(self.unwrap(wrapped))

    def mend(self, path: Path) -> str:
        """Say how to close the file."""
        return f"Type: chmod 600 {path}"

    @contextmanager
    def _key(self, label: str) -> Iterator[tuple[Any, Any]]:
        """Open the token, and hand out a key of it with what each call on the key needs."""
        try:
            import pkcs11
        except ImportError:
            raise Misconfigured(
                "The key provider pkcs11 needs the package python-pkcs11: "
                ".venv/bin/pip install python-pkcs11"
            ) from None

        def mechanism(nonce: bytes) -> dict[str, Any]:
            parameter = pkcs11.GCMParams(nonce, aad=BOUND_TO, tag_bits=TAG_BITS)
            return {"mechanism": pkcs11.Mechanism.AES_GCM, "mechanism_param": parameter}

        try:
            token = pkcs11.lib(self.module).get_token(token_label=self.token)
            with token.open(user_pin=self.pin) as session:
                kind = pkcs11.ObjectClass.SECRET_KEY
                yield session.get_key(object_class=kind, label=label), mechanism
        except (pkcs11.PKCS11Error, RuntimeError) as error:
            raise Misconfigured(
                f"The token {self.token!r} of {self.module} did not wrap or unwrap the key ring "
                f"({type(error).__name__}): check the CDOP_PKCS11_ settings and the key file."
            ) from None


def from_settings(settings: Mapping[str, str]) -> Pkcs11:
    """Return the provider. Raises Misconfigured when a setting is missing."""
    module, token, key = (
        wanted(settings, f"CDOP_PKCS11_{name}") for name in ("MODULE", "TOKEN", "KEY")
    )
    return Pkcs11(module, token, key, secret_in(settings, "CDOP_PKCS11_PIN_FILE"))
