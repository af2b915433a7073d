"""A passkey in software, for tests without a browser: signs what the options ask, as told.

device = Device("http://localhost:8000")
answer = device.make(options)                   # both are JSON
answer = device.sign(options, verified=False)   # and other ways to be wrong
"""

import hashlib
import json
import os
from dataclasses import dataclass, field, replace
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """Holds one passkey; `count` goes up by one at each signature, or stays 0 if it starts None."""

    origin: str
    count: int | None = 0
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    handle: bytes = b""

    def make(self, options: str, *, verified: bool = True, origin: str | None = None) -> str:
        """Answer what `navigator.credentials.create` would."""
        asked = json.loads(options)
        self.handle = base64url_to_bytes(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: _32(numbers.x), -3: _32(numbers.y)}
        attested = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id
        data = self._data(asked["rp"]["id"], verified, _ATTESTED) + attested + cbor2.dumps(public)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"], origin)
        response = {"clientDataJSON": client, "attestationObject": attestation}
        return self._answer(response, transports=["internal"])

    def sign(
        self,
        options: str,
        *,
        verified: bool = True,
        origin: str | None = None,
        rp_id: str | None = None,
    ) -> str:
        """Answer what `navigator.credentials.get` would."""
        asked = json.loads(options)
        if self.count is not None:
            self.count += 1
        data = self._data(rp_id or asked["rpId"], verified)
        client = self._client("webauthn.get", asked["challenge"], origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return self._answer(response | {"userHandle": self.handle})

    def copy(self) -> "Device":
        """Return a copy that counts for itself from here on."""
        return replace(self)

    def _data(self, rp_id: str, verified: bool, more: int = 0) -> bytes:
        flags = _PRESENT | (_VERIFIED if verified else 0) | more
        return (
            hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + (self.count or 0).to_bytes(4)
        )

    def _client(self, kind: str, challenge: str, origin: str | None) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": origin or self.origin}
        return json.dumps(told).encode()

    def _answer(self, response: dict[str, bytes], **plain: Any) -> str:
        id = bytes_to_base64url(self.credential_id)
        encoded = {name: bytes_to_base64url(value) for name, value in response.items()}
        return json.dumps(
            {"id": id, "rawId": id, "type": "public-key", "response": encoded | plain}
        )


def _32(number: int) -> bytes:
    return number.to_bytes(32)
