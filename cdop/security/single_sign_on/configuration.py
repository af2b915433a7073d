"""Which identity providers are trusted, as `CDOP_OIDC` names them. Secrets lie in files beside it.

`examples.toml` shows what to write for NHS CIS2 and for Microsoft Entra ID.
"""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cdop.errors import Misconfigured
from cdop.security import private_files

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_OURS = {
    *("client_id", "response_type", "redirect_uri", "scope", "state", "nonce"),
    *("code_challenge", "code_challenge_method", "response_mode", "max_age"),
}
Signing = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SecondFactor(_Part):
    """By which claim of its token a provider says that it has asked for a second factor itself."""

    claim: str = Field(min_length=1)
    any_of: tuple[str, ...] = Field(min_length=1)


class Provider(_Part):
    """One identity provider. `claims` are what its tokens must say besides, such as Entra's `tid`.

    Without `second_factor` (or when its token does not say so) the register asks for its own.
    `ask` is put into the question as it stands, such as CIS2's `acr_values`. `signed_by` are the
    signatures taken on its tokens, `signing` what the register signs its own request with.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    label: str = Field(min_length=1, max_length=60)
    issuer: str
    client_id: str = Field(min_length=1)
    client_authentication: Literal[
        "client_secret_basic", "client_secret_post", "private_key_jwt"
    ] = "client_secret_basic"
    secret_file: Path | None = None
    key_file: Path | None = None
    key_id: str | None = None
    signing: Signing = "RS256"
    signed_by: tuple[Signing, ...] = ("RS256",)
    scope: str = "openid"
    claims: dict[str, str | int | bool] = {}
    second_factor: SecondFactor | None = None
    ask: dict[str, str] = {}
    longest_ago_minutes: int | None = Field(default=None, ge=1)

    @field_validator("issuer")
    @classmethod
    def _is_reached_safely(cls, value: str) -> str:
        check_address(value)
        return value

    @field_validator("scope")
    @classmethod
    def _asks_who_it_is(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("must contain openid")
        return value

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        wanted = "key_file" if self.client_authentication == "private_key_jwt" else "secret_file"
        if getattr(self, wanted) is None:
            raise ValueError(f"{self.client_authentication} needs {wanted}")
        if set(self.ask) & _OURS:
            raise ValueError(f"ask may not name {', '.join(sorted(set(self.ask) & _OURS))}")
        return self

    @property
    def longest_ago(self) -> timedelta | None:
        """Return how long ago somebody may have signed in at the provider."""
        return timedelta(minutes=self.longest_ago_minutes) if self.longest_ago_minutes else None


class Trusted(_Part):
    """A provider with what the register proves itself to it by. Never printed."""

    provider: Provider
    secret: str | None = Field(default=None, repr=False)
    key: Annotated[Any, Field(default=None, repr=False)]


def check_address(address: str) -> None:
    """Raise ValueError unless an address is https, or plain http on this machine."""
    parts = urlsplit(address)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not secure or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("must be an address that begins with https:// and holds no question mark")


def load(file: Path | None) -> tuple[Trusted, ...]:
    """Read the providers and their secrets; none without a file.

    Raises Misconfigured, which names the provider and the setting, for anything doubtful.
    """
    if file is None:
        return ()
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8")).get("provider", [])
    except (OSError, ValueError) as error:
        raise Misconfigured(f"The file {file} named by CDOP_OIDC is no readable TOML.") from error
    found = tuple(_trusted(row, file) for row in rows)
    for name in ("id", "issuer"):
        if len({getattr(each.provider, name) for each in found}) != len(found):
            raise Misconfigured(f"{file} names one {name} twice.")
    return found


def _trusted(row: dict[str, Any], file: Path) -> Trusted:
    try:
        provider = Provider.model_validate(row)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'provider'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise Misconfigured(f"{file}, provider {row.get('id', '?')!r}: {faults}.") from None
    if provider.key_file:
        text = private_files.secret(file.parent / provider.key_file, f"key_file of {provider.id}")
        return Trusted(provider=provider, key=_key(text, provider))
    assert provider.secret_file
    secret = private_files.secret(
        file.parent / provider.secret_file, f"secret_file of {provider.id}"
    )
    return Trusted(provider=provider, secret=secret, key=None)


def _key(text: str, provider: Provider) -> RSAKey | ECKey:
    kind = ECKey if provider.signing.startswith("ES") else RSAKey
    try:
        key = kind.import_key(text, {"kid": provider.key_id} if provider.key_id else None)
    except (JoseError, ValueError, TypeError) as error:
        raise Misconfigured(
            f"The key_file of {provider.id} holds no {kind.key_type} key in PEM, "
            f"as {provider.signing} needs."
        ) from error
    if not key.is_private:
        raise Misconfigured(f"The key_file of {provider.id} holds no private key.")
    key.ensure_kid()
    return key
