"""What a provider's signed tokens prove. Nothing in a token is read before its signature is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from cdop.errors import CdopError
from cdop.security.single_sign_on.configuration import Provider

FRESH = timedelta(minutes=5)
"""How long ago somebody may have signed in at the provider who was asked to do so anew."""
_LEEWAY = timedelta(minutes=1)
# A logout token is sent at once: an old one is a replay. OpenID Connect Back-Channel Logout 1.0, 4.
_LOGOUT_LIVES = timedelta(minutes=5)
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LOGOUT_TYPES = {None, "JWT", "logout+jwt"}
_LONGEST = 20_000


class NotProved(CdopError):
    """A token, or an answer, that does not prove what it should. `why` is a word for the log."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Identity:
    """Who somebody is at a provider; `sid` is their session there.

    `second_factor` says whether the provider vouches for one, as the configuration asks;
    `proved_at` is when they signed in there, if it says so.
    """

    issuer: str
    subject: str
    sid: str | None
    second_factor: bool
    proved_at: datetime | None = None


@dataclass(frozen=True)
class Logout:
    """That a person, or one session of theirs, has ended at the provider."""

    issuer: str
    subject: str | None
    sid: str | None
    jti: str
    expires_at: datetime


def identity_from(
    provider: Provider,
    keys: KeySet,
    token: str,
    *,
    nonce: str,
    access_token: str | None,
    now: datetime,
    longest_ago: timedelta | None,
) -> Identity:
    """Return who signed in, by an ID token that answers the question with this nonce.

    `longest_ago` is how long ago that may have been, where it matters.
    Raises NotProved; UnknownKey when the provider has changed its keys since they were read.
    OpenID Connect Core 1.0, 3.1.3.7.
    """
    header, claims = _opened(provider, keys, token)
    checked = CodeIDToken(
        claims,
        header,
        _addressed_to(provider),
        {
            "nonce": nonce,
            "client_id": provider.client_id,
            "access_token": access_token,
        },
    )
    _validate(checked, now)
    if not checked.get("nonce"):
        raise NotProved("nonce")
    _check_pinned(provider, claims)
    _check_recent(claims, now, longest_ago)
    return Identity(
        issuer=provider.issuer,
        subject=_text(claims, "sub"),
        sid=claims.get("sid") if isinstance(claims.get("sid"), str) else None,
        second_factor=_vouches(provider, claims),
        proved_at=_proved_at(claims, now),
    )


def logout_from(provider: Provider, keys: KeySet, token: str, now: datetime) -> Logout:
    """Return what a logout token ends. Raises NotProved, or UnknownKey as `identity_from` does.

    OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6. Whether its `jti` came before is not
    known here.
    """
    header, claims = _opened(provider, keys, token)
    if header.get("typ") not in _LOGOUT_TYPES:
        raise NotProved("typ")
    registry = jwt.JWTClaimsRegistry(
        int(now.timestamp()),
        int(_LEEWAY.total_seconds()),
        **_addressed_to(provider),
        iat={"essential": True},
        jti={"essential": True},
    )
    try:
        registry.validate(claims)
    except JoseError as error:
        raise NotProved(_claim_of(error)) from error
    if "nonce" in claims or not isinstance(claims.get("events"), Mapping):
        raise NotProved("events")
    if not isinstance(claims["events"].get(_LOGOUT_EVENT), Mapping):
        raise NotProved("events")
    issued_at = datetime.fromtimestamp(claims["iat"], now.tzinfo)
    if now - issued_at > _LOGOUT_LIVES + _LEEWAY:
        raise NotProved("iat")
    subject, sid = claims.get("sub"), claims.get("sid")
    if not (subject or sid) or not all(
        each is None or isinstance(each, str) for each in (subject, sid)
    ):
        raise NotProved("sub")
    return Logout(
        provider.issuer, subject, sid, claims["jti"], issued_at + _LOGOUT_LIVES + 2 * _LEEWAY
    )


class UnknownKey(NotProved):
    """A token signed with a key that the provider had not published when its keys were read."""

    def __init__(self) -> None:
        super().__init__("kid")


def _opened(provider: Provider, keys: KeySet, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a token once its signature is proved."""
    if len(token) > _LONGEST:
        raise NotProved("size")
    try:
        opened = jwt.decode(token, keys, algorithms=provider.signed_by)
    except InvalidKeyIdError as error:
        raise UnknownKey from error
    except (JoseError, ValueError) as error:
        raise NotProved("signature") from error
    return opened.header, opened.claims


def _addressed_to(provider: Provider) -> dict[str, Any]:
    return {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
    }


def _validate(claims: CodeIDToken, now: datetime) -> None:
    try:
        claims.validate(int(now.timestamp()), int(_LEEWAY.total_seconds()))
    except (JoseError, TypeError, ValueError) as error:
        raise NotProved(_claim_of(error)) from error


def _claim_of(error: Exception) -> str:
    """Return which claim was wrong; never its value."""
    claim = getattr(error, "claim", None)
    return claim if isinstance(claim, str) else "claims"


def _check_pinned(provider: Provider, claims: Mapping[str, Any]) -> None:
    for name, value in provider.claims.items():
        given = claims.get(name)
        if type(given) is not type(value) or given != value:
            raise NotProved(name)


def _check_recent(claims: Mapping[str, Any], now: datetime, longest: timedelta | None) -> None:
    if longest is None:
        return
    at = _proved_at(claims, now)
    if at is None or now - at > longest + _LEEWAY:
        raise NotProved("auth_time")


def _proved_at(claims: Mapping[str, Any], now: datetime) -> datetime | None:
    """Return when somebody signed in, if that is told; a clock that is ahead makes it now."""
    at = claims.get("auth_time")
    if isinstance(at, bool) or not isinstance(at, int | float) or not at >= 0:
        return None
    return datetime.fromtimestamp(min(at, now.timestamp()), now.tzinfo)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value or len(value) > 255:
        raise NotProved(name)
    return value


def _vouches(provider: Provider, claims: Mapping[str, Any]) -> bool:
    asked = provider.second_factor
    if asked is None:
        return False
    given = claims.get(asked.claim)
    said = given if isinstance(given, list) else [given]
    return any(isinstance(each, str) and each in asked.any_of for each in said)
