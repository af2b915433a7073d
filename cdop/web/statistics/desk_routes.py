"""The release desk in the browser: draft, compare, build. What is settled: `settling_routes`."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid, Refused
from cdop.security.work import Work
from cdop.statistics import drafting, releasing, whose, working
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import PostedForm, bind
from cdop.web.statistics.desk_forms import ChooseForm, DraftForm, WorkForm
from cdop.web.statistics.draft_pages import draft_page, new_form
from cdop.web.statistics.ledger_pages import address, desk_page
from cdop.web.statistics.release_pages import release_page
from cdop.web.templating import go, is_htmx, render

router = APIRouter()
ONE = "/statistics/releases/{release_id}"


@router.get("/statistics/releases", dependencies=[requires(releasing.READ)])
def desk(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show the ledger of releases."""
    with register.reading(actor) as work:
        page = desk_page(work)
    return render(request, "statistics/desk.html", page)


@router.get("/statistics/releases/new", dependencies=[requires(releasing.BUILD)])
def new(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    cdop: str = "",
    year: str = "",
    years: int = 1,
    population: str = "",
    by: str = "",
    across: str = "",
) -> Response:
    """Show the form of a draft: of the year's tables, or of one that was asked for."""
    asked = {"years": years, "population": population, "by": by, "across": across}
    with register.reading(actor) as work:
        page = draft_page(work, new_form(cdop, year, asked))
    return render(request, "statistics/draft.html", page)


@router.post("/statistics/releases", dependencies=[requires(releasing.BUILD)])
def draft(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Draft a release, and begin to compare what each profile would keep of it."""
    bound = bind(DraftForm, posted)
    if bound.model:
        try:
            release_id = register.do(actor, _draft, bound.model)
        except Invalid as invalid:
            bound = bound.refused(invalid)
        except Refused as refused:
            bound = bound.refused(Invalid({"profile": str(refused)}))
        else:
            _nudge(request)
            return go(request, address(release_id))
    if not bound.value("cdop"):
        raise Invalid(dict(bound.errors))
    with register.reading(actor) as work:
        page = draft_page(work, bound)
    return render(request, "statistics/draft.html", page, status=422)


@router.get(ONE, dependencies=[requires(releasing.READ)])
def release(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    release_id: UUID,
    tables: str = "",
    live: int = 0,
) -> Response:
    """Show a release: what it is, what it shows, what was proved, and what befell it.

    `live` is how much long work was going on when the page that asks was made.
    """
    with register.reading(actor) as work:
        page = release_page(
            work, release_id, register.settings.proof_seconds, opened=tables == "open"
        )
    if is_htmx(request) and live != sum(each.live for each in page.works):
        # Followed to its end: what was found stands elsewhere on the page.
        return Response(status_code=204, headers={"HX-Refresh": "true", "Vary": "HX-Request"})
    return render(request, "statistics/release.html", page, block="progress")


@router.post(f"{ONE}/work", dependencies=[requires(releasing.BUILD)])
def work_on(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    release_id: UUID,
    posted: PostedForm,
) -> Response:
    """Begin long work on a draft, or stop it."""
    asked = model_of(bind(WorkForm, posted))
    register.do(actor, working.stop if asked.stop else working.ask, release_id, asked.kind)
    _nudge(request)
    return go(request, address(release_id))


@router.post(f"{ONE}/choose", dependencies=[requires(releasing.BUILD)])
def choose(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    release_id: UUID,
    posted: PostedForm,
) -> Response:
    """Take one of the ways that were compared."""
    asked = model_of(bind(ChooseForm, posted))
    ways = tuple(way for way in asked.ways.split(",") if way)
    with register.work(actor) as work:
        drafting.change(work, release_id, profile=asked.profile, years=asked.years, ways=ways)
    return go(request, address(release_id))


@router.post(f"{ONE}/discard", dependencies=[requires(releasing.BUILD)])
def discard(
    request: Request, register: CurrentRegister, actor: CurrentActor, release_id: UUID
) -> Response:
    """Give a release up before it goes out."""
    register.do(actor, drafting.discard, release_id)
    return go(request, address(release_id))


@router.post(f"{ONE}/edition", dependencies=[requires(releasing.BUILD)])
def edition(
    request: Request, register: CurrentRegister, actor: CurrentActor, release_id: UUID
) -> Response:
    """Draft a new edition of a release, after late notifications or corrections."""
    return go(request, address(register.do(actor, _edition, release_id)))


def _draft(work: Work, form: DraftForm) -> UUID:
    of = whose.find(work, form.cdop, releasing.BUILD)
    release = drafting.draft(work, of.id, form.wanted(whose.SUBJECTS[of.kind]))
    working.ask(work, release.id, working.PREVIEWING)
    return release.id


def _edition(work: Work, release_id: UUID) -> UUID:
    found = releasing.find_release(work, release_id, releasing.BUILD)
    new = drafting.draft(work, found.organisation_id, drafting.as_drafted(found), found.id)
    return new.id


def model_of(bound: Any) -> Any:
    """Return what was typed. Raises Invalid where a form of mere buttons was tampered with."""
    if bound.model is None:
        raise Invalid(dict(bound.errors))
    return bound.model


def _nudge(request: Request) -> None:
    worker = getattr(request.app.state, "worker", None)
    if worker:
        worker.nudge()
