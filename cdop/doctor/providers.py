"""Identity providers: that they answer, as the ones configured, with keys that still count."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cryptography.x509 import load_der_x509_certificate

from cdop.config import Settings
from cdop.doctor.checks import OK, SKIPPED, WEAK, WRONG, Check
from cdop.errors import CdopError
from cdop.security.single_sign_on import configuration
from cdop.security.single_sign_on.asking import Asked, Unavailable

NAME = "identity providers"
_SOON = timedelta(days=30)
_WORST = (WRONG, WEAK, OK)
_MEND = "ask whoever runs it; until then people sign in by password"


def check(settings: Settings) -> Check:
    """Ask each provider for its discovery document and its keys.

    A key's end is that of its certificate, where the provider publishes one. What the register
    proves itself by has no date that it could see: a secret's end is kept at the provider.
    """
    if settings.oidc is None:
        return Check(NAME, SKIPPED, "none is named by CDOP_OIDC")
    try:
        trusted = configuration.load(settings.oidc)
    except CdopError as error:
        return Check(NAME, WRONG, str(error))
    now = datetime.now(UTC)
    said = [_ask(Asked(each, lambda: now), now) for each in trusted]
    state = min((each[0] for each in said), key=_WORST.index, default=OK)
    text = "; ".join(words for _, words in said) or "the file names none"
    return Check(NAME, state, text, "" if state == OK else _MEND)


def _ask(asked: Asked, now: datetime) -> tuple[str, str]:
    id = asked.provider.id
    try:
        asked.metadata()
        keys = asked.signing_keys()
    except Unavailable:
        return WRONG, f"{id} does not answer at its issuer's address, or not as that issuer"
    ends = [_end(key.as_dict(private=False).get("x5c")) for key in keys]
    last = None if None in ends else max(each for each in ends if each)
    if last and last <= now:
        return WRONG, f"the certificates of all keys of {id} have expired"
    if last and last <= now + _SOON:
        return WEAK, f"the last certificate of {id} expires on {last:%Y-%m-%d}"
    return OK, f"{id} answers"


def _end(chain: Iterable[str] | None) -> datetime | None:
    """Return when the certificate of a key expires; None for a key without one."""
    first = next(iter(chain or ()), None)
    if first is None:
        return None
    try:
        return load_der_x509_certificate(base64.b64decode(first)).not_valid_after_utc
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
