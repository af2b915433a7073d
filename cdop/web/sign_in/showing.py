"""The pages of signing in, as each of its ways shows them again with what was wrong."""

from collections.abc import Mapping
from dataclasses import replace

from fastapi import Request, Response

from cdop.security import one_time_codes
from cdop.security.actor import Actor
from cdop.security.single_sign_on import flow
from cdop.security.single_sign_on.asking import Unavailable
from cdop.security.work import Register
from cdop.sign_in import authenticators
from cdop.sign_in.identities import ending
from cdop.sign_in.passkeys import keeping as passkeys
from cdop.sign_in.steps import Begun
from cdop.web.deps import BEGUN, providers_of
from cdop.web.forms import Bound, blank
from cdop.web.sign_in.forms import Code, SignIn
from cdop.web.sign_in.pages import (
    NOTICES,
    CodePage,
    Leave,
    ProviderLink,
    SignInPage,
    enrol_page,
)
from cdop.web.templating import render


def show_sign_in(
    request: Request,
    to: str | None,
    *,
    typed: Bound[SignIn] | None = None,
    fault: str | None = None,
    status: int = 200,
) -> Response:
    """Show the first page. `fault` is of a way to sign in other than by name and password."""
    query = request.query_params
    form = typed or blank(SignIn)
    page = SignInPage(
        form=replace(form, errors={**form.errors, **_of(fault)}),
        next=to,
        providers=links_to(request),
        notice=NOTICES.get(query.get("notice", "")),
        leave=_leave(request, query.get("from")),
    )
    return render(request, "sign_in/page.html", page, status=status)


def show_code(
    request: Request,
    register: Register,
    begun: Begun,
    to: str | None,
    *,
    typed: Bound[Code] | None = None,
    fault: str | None = None,
    status: int = 200,
) -> Response:
    """Show the second step of somebody who has a second factor. `fault` is of a passkey."""
    form = typed or blank(Code)
    with register.reading(begun.actor) as work:
        by_app = bool(authenticators.of(work, begun.account_id))
        by_passkey = passkeys.any_of(work, begun.account_id)
    form = replace(form, errors={**form.errors, **_of(fault)})
    page = CodePage(form, to, by_app=by_app, by_passkey=by_passkey)
    return render(request, "sign_in/code.html", page, status=status)


def show_enrolling(
    request: Request,
    begun: Begun,
    to: str | None,
    *,
    typed: Bound[Code] | None = None,
    fault: str | None = None,
    status: int = 200,
) -> Response:
    """Show how to add a first second factor. `fault` is of a passkey."""
    form = typed or blank(Code)
    form = replace(form, errors={**form.errors, **_of(fault)})
    secret = seed_of(request)
    page = enrol_page(form, secret, begun.username, "/sign-in/enrol", to)
    page = replace(page, or_passkey=True)
    return render(request, "sign_in/enrol.html", page, status=status)


def links_to(request: Request) -> tuple[ProviderLink, ...]:
    """Return the providers that people may sign in with."""
    return tuple(
        ProviderLink(each.provider.id, each.provider.label) for each in providers_of(request)
    )


def provider_behind(request: Request, register: Register, actor: Actor) -> str | None:
    """Return the id of the provider by which somebody signed in, if they can sign out there too."""
    assert actor.session_id
    with register.reading(actor) as work:
        issuer = ending.issuer_behind(work, actor.session_id)
    found = (each.provider for each in providers_of(request) if each.provider.issuer == issuer)
    return next((each.id for each in found), None)


def _leave(request: Request, provider: str | None) -> Leave | None:
    """Return where to sign out of a provider as well; none when it cannot be reached."""
    for each in providers_of(request):
        if each.provider.id != provider:
            continue
        register: Register = request.app.state.register
        try:
            address = flow.leaving(each, f"{register.settings.origin}/sign-in")
        except Unavailable:
            return None
        return Leave(each.provider.label, address) if address else None
    return None


def seed_of(request: Request) -> str:
    """Return the seed that belongs to this half sign-in: kept nowhere until it is proved."""
    return one_time_codes.secret_from(request.cookies[BEGUN], "authenticator")


def _of(fault: str | None) -> Mapping[str, str]:
    return {"answer": fault} if fault else {}
