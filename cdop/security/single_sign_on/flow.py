"""One sign-in at a provider: the question (code flow with PKCE), and the identity it ends in."""

import hmac
from dataclasses import dataclass
from urllib.parse import urlencode

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from joserfc.jwk import KeySet

from cdop.security.single_sign_on import tokens
from cdop.security.single_sign_on.asking import Asked
from cdop.security.single_sign_on.tokens import Identity, Logout, NotProved, UnknownKey

_PARTS = ("state", "nonce", "verifier")


@dataclass(frozen=True, repr=False)
class Question:
    """The three secrets of one sign-in: what comes back, what the token names, what redeems.

    They come of one secret that only the browser keeps, in a cookie: none is stored here.
    """

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, repr=False)
class Answer:
    """What a browser brings back from a provider, as it stands in the address."""

    state: str
    code: str | None
    issuer: str | None


def question_of(secret: str) -> Question:
    """Return what goes with a browser's secret of 256 random bits: always the same three."""
    return Question(
        *(hmac.digest(secret.encode(), f"oidc:{part}".encode(), "sha256").hex() for part in _PARTS)
    )


def address(asked: Asked, question: Question, redirect_uri: str, *, fresh: bool = False) -> str:
    """Return where to send the browser. Raises Unavailable.

    `fresh` asks the provider to let the person sign in there anew; `identity` checks that.
    """
    provider = asked.provider
    more = dict(provider.ask)
    if provider.longest_ago:
        more["max_age"] = str(int(provider.longest_ago.total_seconds()))
    if fresh:
        more |= {"max_age": str(int(tokens.FRESH.total_seconds())), "prompt": "login"}
    found: str = prepare_grant_uri(
        asked.metadata().authorization_endpoint,
        provider.client_id,
        "code",
        redirect_uri=redirect_uri,
        scope=provider.scope,
        state=question.state,
        nonce=question.nonce,
        code_challenge=create_s256_code_challenge(question.verifier),
        code_challenge_method="S256",
        **more,
    )
    return found


def identity(
    asked: Asked, question: Question, answer: Answer, redirect_uri: str, *, fresh: bool = False
) -> Identity:
    """Return who signed in. Raises NotProved, Unavailable."""
    if not hmac.compare_digest(answer.state.encode(), question.state.encode()):
        raise NotProved("state")
    metadata = asked.metadata()
    if (answer.issuer is not None or metadata.names_itself) and (
        answer.issuer != asked.provider.issuer
    ):
        raise NotProved("iss")  # RFC 9207: an answer by another provider than was asked
    if not answer.code:
        raise NotProved("refused")
    id_token, access_token = asked.tokens_for(answer.code, question.verifier, redirect_uri)

    def read(keys: KeySet) -> Identity:
        return tokens.identity_from(
            asked.provider,
            keys,
            id_token,
            nonce=question.nonce,
            access_token=access_token,
            now=asked.now(),
            longest_ago=tokens.FRESH if fresh else asked.provider.longest_ago,
        )

    try:
        return read(asked.signing_keys())
    except UnknownKey:
        return read(asked.signing_keys_again())


def logout(asked: Asked, token: str) -> Logout:
    """Return what a logout token ends. Raises NotProved, Unavailable."""
    try:
        return tokens.logout_from(asked.provider, asked.signing_keys(), token, asked.now())
    except UnknownKey:
        return tokens.logout_from(asked.provider, asked.signing_keys_again(), token, asked.now())


def leaving(asked: Asked, back_to: str) -> str | None:
    """Return where a browser signs out of the provider too, if that can be done."""
    there = asked.metadata().end_session_endpoint
    if there is None:
        return None
    mark = "&" if "?" in there else "?"
    values = {"client_id": asked.provider.client_id, "post_logout_redirect_uri": back_to}
    return f"{there}{mark}{urlencode(values)}"
