"""Tokens of the API in the browser: make one, see it once, revoke it."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.clock import local_day
from cdop.errors import Invalid
from cdop.organisations import queries as organisations
from cdop.security.work import Work
from cdop.statistics import tokens, whose
from cdop.statistics.models import ApiToken
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import Bound, Form, PostedForm, ask, bind, blank
from cdop.web.templating import day, go, moment, render

router = APIRouter()
HERE = "/statistics/tokens"
DAYS = {"days": 90}
CONFIRMED = requires(tokens.MAKE, confirmed=True)


class MakeForm(Form):
    """What a token is for, and how long it is to be accepted."""

    cdop: str = ask("the panel", missing="Choose the panel whose releases it may read")
    name: str = ask("the program", missing="Say what program it is for", max_length=80)
    days: int = ask("the days", 90, ge=1, le=tokens.LONGEST_DAYS)


@dataclass(frozen=True)
class Shown:
    """A token in a list: never its text. `ended`: how it ended, if it did."""

    id: UUID
    name: str
    panel: str
    made: str
    expires: str
    used: str
    ended: str


@dataclass(frozen=True)
class TokensPage:
    """The tokens in scope, and the form for another; `made` is a new one's text, shown once."""

    form: Bound[MakeForm]
    panels: list[tuple[str, str]]
    tokens: list[Shown]
    made: str = ""


@router.get(HERE, dependencies=[CONFIRMED])
def show(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """List the tokens, with a form for another."""
    with register.reading(actor) as work:
        page = _page(work, blank(MakeForm, DAYS))
    return render(request, "statistics/tokens.html", page)


@router.post(HERE, dependencies=[CONFIRMED])
def make(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Make a token and show it, this once."""
    bound = bind(MakeForm, posted)
    text = ""
    if bound.model:
        asked = bound.model
        try:
            _, text = register.do(actor, tokens.make, asked.cdop, asked.name, asked.days)
        except Invalid as error:
            bound = bound.refused(error)
    with register.reading(actor) as work:
        page = _page(work, blank(MakeForm, DAYS) if text else bound, text)
    return render(request, "statistics/tokens.html", page, status=200 if text else 422)


@router.post(HERE + "/{token_id}/revoke", dependencies=[CONFIRMED])
def revoke(
    request: Request, register: CurrentRegister, actor: CurrentActor, token_id: UUID
) -> Response:
    """End a token now."""
    register.do(actor, tokens.revoke, token_id)
    return go(request, HERE)


def _page(work: Work, form: Bound[MakeForm], made: str = "") -> TokensPage:
    panels = whose.reached(work, tokens.MAKE)
    found = tokens.listing(work)
    ids = {each.id for each in panels} | {each.organisation_id for each in found}
    names = organisations.names_on(work.session, ids, work.today)
    return TokensPage(
        form=form,
        panels=[(panel.slug, names[panel.id]) for panel in panels],
        tokens=[_shown(work, each, names[each.organisation_id]) for each in found],
        made=made,
    )


def _shown(work: Work, token: ApiToken, panel: str) -> Shown:
    ended = ""
    if token.revoked_at:
        ended = f"Revoked on {day(local_day(token.revoked_at))} by {token.revoked_by}"
    elif token.expires_on < work.today:
        ended = "Ended"
    elif not tokens.stands(work, token):
        ended = f"Refused: {token.made_by}, who made it, may make tokens here no longer"
    used = moment(token.used_at) if token.used_at else "Not yet used"
    made = f"{day(local_day(token.made_at))}, by {token.made_by}"
    return Shown(token.id, token.name, panel, made, day(token.expires_on), used, ended)
