"""Identity providers: that they answer, as the ones configured, with keys that still count."""

from datetime import UTC, datetime, timedelta

from cdop.config import Settings
from cdop.doctor.checks import OK, SKIPPED, WEAK, WRONG, Check
from cdop.errors import CdopError
from cdop.security.single_sign_on import certificates, configuration
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
    last = certificates.last_end(keys)
    if last and last <= now:
        return WRONG, f"the certificates of all keys of {id} have expired"
    if last and last <= now + _SOON:
        return WEAK, f"the last certificate of {id} expires on {last:%Y-%m-%d}"
    return OK, f"{id} answers"
