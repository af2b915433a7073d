"""What somebody sees who is to confirm who they are: what they typed goes with them."""

from urllib.parse import quote

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from cdop.security.work import Register
from cdop.sign_in import factors
from cdop.sign_in.identities import keeping as identities
from cdop.sign_in.passkeys import keeping as passkeys
from cdop.web.deps import ConfirmationNeeded, providers_of
from cdop.web.gathering import NO_ANSWERS, read_form
from cdop.web.sign_in.pages import ConfirmPage, ProviderLink
from cdop.web.templating import is_htmx, render


def confirm_page(
    request: Request,
    register: Register,
    to: str,
    typed: tuple[tuple[str, str], ...],
    fault: str | None = None,
) -> ConfirmPage:
    """Return the page that asks whoever is signed in to confirm."""
    actor = request.state.actor
    with register.reading(actor) as work:
        by_password = not factors.has_any(work, actor.account_id)
        by_passkey = passkeys.any_of(work, actor.account_id)
        issuers = {row.issuer for row in identities.of(work, actor.account_id)}
    # A provider leads back to a page: what was typed in a form would be lost on the way.
    there = providers_of(request) if to == "/confirm" else ()
    vouching = tuple(
        ProviderLink(each.provider.id, each.provider.label)
        for each in there
        if each.provider.issuer in issuers and each.provider.second_factor
    )
    return ConfirmPage(to, typed, by_password, by_passkey, vouching, fault)


async def answer_unconfirmed(request: Request, error: Exception) -> Response:
    """Ask for the second factor: for a page by leading there and back, for a form on the spot.

    The form's own answers are sent again with the code, so that nothing that was typed is lost.
    """
    query = f"?{request.url.query}" if request.url.query else ""
    here = request.url.path + query
    if request.method in ("GET", "HEAD"):
        back = getattr(request.state, "link_on", request.url.path) + query
        to = f"/confirm?next={quote(back, safe='/')}"
        if is_htmx(request):
            return Response(status_code=204, headers={"HX-Redirect": to})
        return RedirectResponse(to, 303)
    posted = await read_form(request)
    typed = tuple(
        (name, text)
        for name, texts in posted.fields.items()
        for text in texts
        if name not in NO_ANSWERS and "password" not in name
    )
    fault = error.fault if isinstance(error, ConfirmationNeeded) else None
    register = request.app.state.register
    page = await run_in_threadpool(confirm_page, request, register, here, typed, fault)
    # htmx swaps what is refused by 422 only.
    status = 422 if is_htmx(request) else 401
    response = render(request, "sign_in/confirm.html", page, block="content", status=status)
    response.headers.update({"HX-Retarget": "#maincontent", "HX-Reswap": "innerHTML"})
    return response
