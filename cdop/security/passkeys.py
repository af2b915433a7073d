"""Passkeys (WebAuthn): what a browser is asked to sign, and whether it did. Keeps nothing.

Every passkey here can be found by the device itself and verifies its user (by finger, face or
PIN): it counts as both factors, and signs in without a name or a password.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    generate_challenge,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from cdop.errors import CdopError

# A browser's answer is some hundred bytes; no parser is shown more.
_LONGEST = 20_000
_TRANSPORTS = frozenset(each.value for each in AuthenticatorTransport)


class NotAccepted(CdopError):
    """A browser's answer that does not prove what was asked. Its text is for no page and no log."""


class CounterWentBack(NotAccepted):
    """A passkey that has signed less often than it had before: it may have been copied."""


@dataclass(frozen=True)
class Site:
    """The register as passkeys know it: the exact origin of its pages."""

    origin: str
    name: str = "cdop"

    @property
    def rp_id(self) -> str:
        """Return the host, to which every passkey is bound."""
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True)
class Known:
    """What is kept of a passkey: nothing that is secret."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...] = ()


def new_challenge() -> bytes:
    """Return 64 random bytes, to be signed once."""
    return generate_challenge()


def adding_options(
    site: Site,
    challenge: bytes,
    *,
    handle: bytes,
    username: str,
    display_name: str,
    held: Sequence[Known],
) -> str:
    """Return, as JSON, what a browser needs to make a passkey; `held` keeps it from making two.

    `handle` (the account's id) is what a passkey tells of its owner when it signs in.
    """
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name=site.name,
        user_name=username,
        user_id=handle,
        user_display_name=display_name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(held),
    )
    return webauthn.options_to_json(options)


def added(site: Site, challenge: bytes, answer: str) -> Known:
    """Return the passkey that a browser has made. Raises NotAccepted."""
    try:
        parsed = parse_registration_credential_json(_bounded(answer))
        proved = webauthn.verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise NotAccepted from error
    told = parsed.response.transports or []
    return Known(
        credential_id=proved.credential_id,
        public_key=proved.credential_public_key,
        sign_count=proved.sign_count,
        transports=tuple(each.value for each in told),
    )


def signing_options(site: Site, challenge: bytes, held: Sequence[Known] = ()) -> str:
    """Return, as JSON, what a browser needs to sign: by one of `held`, or any that it finds."""
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        allow_credentials=_descriptors(held),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def credential_of(answer: str) -> tuple[bytes, bytes | None]:
    """Return which passkey an answer says it comes from, and its owner's handle if it tells.

    Nothing is proved by that. Raises NotAccepted.
    """
    try:
        parsed = parse_authentication_credential_json(_bounded(answer))
    except (WebAuthnException, ValueError, TypeError) as error:
        raise NotAccepted from error
    return parsed.raw_id, parsed.response.user_handle


def signed(site: Site, challenge: bytes, answer: str, passkey: Known) -> int:
    """Return how often a passkey says that it has signed, once its signature is proved.

    Raises CounterWentBack for one that had signed as often before, NotAccepted for anything else.
    A passkey that does not count always says 0.
    """
    try:
        proved = webauthn.verify_authentication_response(
            credential=_bounded(answer),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            # Compared below: the library would complain of the count before it proves the rest.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError) as error:
        raise NotAccepted from error
    if proved.credential_id != passkey.credential_id:
        raise NotAccepted
    count, before = proved.new_sign_count, passkey.sign_count
    if (count or before) and count <= before:
        raise CounterWentBack
    return count


def _descriptors(held: Sequence[Known]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=each.credential_id,
            transports=[AuthenticatorTransport(t) for t in each.transports if t in _TRANSPORTS],
        )
        for each in held
    ]


def _bounded(answer: str) -> str:
    if len(answer) > _LONGEST:
        raise NotAccepted
    return answer
