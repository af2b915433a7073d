"""What a provider itself asks for, without a browser: that sessions end, and our public key."""

import logging

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from cdop.errors import NotFound
from cdop.organisations.sessions import GATE
from cdop.security.single_sign_on import flow
from cdop.security.single_sign_on.asking import Unavailable
from cdop.security.single_sign_on.tokens import NotProved
from cdop.sign_in.identities import ending
from cdop.web.deps import CurrentRegister, public
from cdop.web.forms import PostedForm, bind
from cdop.web.headers import PROVIDERS
from cdop.web.identities.forms import LogoutToken
from cdop.web.identities.sign_in_routes import provider_by

log = logging.getLogger("cdop.single_sign_on")

router = APIRouter()


@router.post(PROVIDERS + "{provider}/logout", dependencies=[public()])
def end_sessions(
    request: Request, provider: str, register: CurrentRegister, posted: PostedForm
) -> Response:
    """End what a provider's signed token says has ended (back-channel logout).

    No cookie and no form of ours: the token's signature is the proof. Answers 400 to any other.
    """
    asked, bound = provider_by(request, provider), bind(LogoutToken, posted)
    if bound.model is None:
        return _refused()
    try:
        logout = flow.logout(asked, bound.model.logout_token)
    except NotProved as error:
        log.warning("a logout token of %s was refused: %s", provider, error.why)
        return _refused()
    except Unavailable:
        return Response(status_code=503, headers={"Cache-Control": "no-store"})
    if register.do(GATE, ending.by_provider, logout) is None:
        return _refused()
    return Response(status_code=200, headers={"Cache-Control": "no-store"})


@router.get(PROVIDERS + "{provider}/keys", dependencies=[public()])
def our_keys(request: Request, provider: str) -> Response:
    """Return the public half of the key by which we prove ourselves to a provider (JWKS)."""
    trusted = provider_by(request, provider).trusted
    if trusted.key is None:
        raise NotFound
    about = {"use": "sig", "alg": trusted.provider.signing}
    return JSONResponse({"keys": [trusted.key.as_dict(private=False) | about]})


def _refused() -> Response:
    return JSONResponse({"error": "invalid_request"}, 400, headers={"Cache-Control": "no-store"})
