"""Taking up an invitation. Its secret stands in the link's fragment, which no server ever logs.

Reading the page uses nothing up. Without JavaScript the secret is pasted into its field.
"""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid
from cdop.sign_in import invitations
from cdop.web.deps import CurrentRegister, public, visitor_of
from cdop.web.forms import PostedForm, bind, blank
from cdop.web.sign_in.answers import go_on
from cdop.web.sign_in.forms import Join
from cdop.web.sign_in.pages import JoinPage
from cdop.web.sign_in.showing import links_to
from cdop.web.templating import render

router = APIRouter()


@router.get("/join", dependencies=[public()])
def ask_to_join(request: Request) -> Response:
    """Show the form for an invitation and a password."""
    return render(request, "sign_in/join.html", JoinPage(blank(Join), links_to(request)))


@router.post("/join", dependencies=[public()])
def join(request: Request, register: CurrentRegister, posted: PostedForm) -> Response:
    """Set the password, and lead on to the second factor."""
    bound = bind(Join, posted)
    if bound.model:
        try:
            step = invitations.accept(
                register, bound.model.invitation, bound.model.password, visitor_of(request)
            )
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go_on(request, register, step, None)
    kept = {name: texts for name, texts in bound.values.items() if name != "password"}
    page = JoinPage(replace(bound, values=kept), links_to(request))
    return render(request, "sign_in/join.html", page, status=422)
