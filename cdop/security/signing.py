"""Ed25519 signatures of an organisation, by keys that follow from roots in the register's ring.

Whoever holds the key file can sign, nobody else. The public key is text (PEM) that anybody may
have. The first version comes of the anchor; each later one of a root of its own, and older ones
stay in the ring: what was signed with them is checked, and built again, with theirs.
"""

from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cdop.errors import Invalid, NotFound
from cdop.security.keys import Ring, derived

SIGNATURE_BYTES = 64


@dataclass(frozen=True, repr=False)
class Signer:
    """What an organisation signs with for one purpose. `repr` is not generated: it holds a key."""

    _key: Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message: always the same 64 bytes."""
        return self._key.sign(message)

    @property
    def public_key(self) -> str:
        """Return the key to check signatures with, as PEM."""
        return (
            self._key.public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode()
        )


def newest(ring: Ring) -> int:
    """Return the version of the keys that are signed with from now on."""
    return max({1, *ring.signing})


def signer(ring: Ring, purpose: str, organisation_id: UUID, version: int | None = None) -> Signer:
    """Return what an organisation signs with for a purpose such as "statistics:package".

    Otherwise than with a version, by the newest. Raises NotFound for one that the ring lacks.
    """
    version = newest(ring) if version is None else version
    info = f"signing:{version}:{purpose}:{organisation_id}"
    if version == 1:
        seed = ring.anchored(info)
    elif version in ring.signing:
        seed = derived(ring.signing[version], info)
    else:
        raise NotFound
    return Signer(Ed25519PrivateKey.from_private_bytes(seed))


def is_signed(public_key: str, signature: bytes, message: bytes) -> bool:
    """Say whether a message was signed with the key of that public key (PEM).

    Raises Invalid when that is no Ed25519 public key.
    """
    try:
        key = serialization.load_pem_public_key(public_key.encode())
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise Invalid(
            {"key": "That is no public key of a register: print it with cdop release key"}
        )
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
