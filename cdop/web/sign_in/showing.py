"""The pages of signing in, as each of its ways shows them again with what was wrong."""

from collections.abc import Mapping
from dataclasses import replace

from fastapi import Request, Response

from cdop.security import one_time_codes
from cdop.security.work import Register
from cdop.sign_in import authenticators
from cdop.sign_in.passkeys import keeping as passkeys
from cdop.sign_in.steps import Begun
from cdop.web.deps import BEGUN, providers_of
from cdop.web.forms import Bound, blank
from cdop.web.sign_in.forms import Code, SignIn
from cdop.web.sign_in.pages import NOTICES, CodePage, ProviderLink, SignInPage, enrol_page
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
        providers=tuple(
            ProviderLink(each.provider.id, each.provider.label) for each in providers_of(request)
        ),
        notice=NOTICES.get(query.get("notice", "")),
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


def seed_of(request: Request) -> str:
    """Return the seed that belongs to this half sign-in: kept nowhere until it is proved."""
    return one_time_codes.secret_from(request.cookies[BEGUN], "authenticator")


def _of(fault: str | None) -> Mapping[str, str]:
    return {"answer": fault} if fault else {}
