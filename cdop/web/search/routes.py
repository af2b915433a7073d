"""The search box. A search is posted: neither its term nor what it finds stands in an address."""

from fastapi import APIRouter, Request, Response

from cdop.deaths import search
from cdop.deaths.documents import IDENTITY_READ
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import PostedForm, bind, blank
from cdop.web.search.forms import SearchForm
from cdop.web.search.pages import SearchPage, answered
from cdop.web.templating import render

router = APIRouter()


@router.get("/search", dependencies=[requires(IDENTITY_READ)])
def ask(request: Request) -> Response:
    """Show the empty box."""
    return render(request, "search/page.html", SearchPage(blank(SearchForm)))


@router.post("/search", dependencies=[requires(IDENTITY_READ)])
def find(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Show what answers, or the box again when nothing was typed."""
    bound = bind(SearchForm, posted)
    if bound.model is None:
        return render(request, "search/page.html", SearchPage(bound), block="search", status=422)
    page = answered(bound, search.find(register, actor, bound.model.term))
    return render(request, "search/page.html", page, block="search")
