"""Statistics in the browser: the years, one exact year, building its release, and the release."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid, Unsafe
from cdop.organisations import queries as organisations
from cdop.statistics import counting, releasing
from cdop.statistics.definitions import year_days
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import Form, PostedForm, ask, bind
from cdop.web.statistics.pages import UnsafePage, exact_link, exact_page, index_page, release_page
from cdop.web.templating import go, render

router = APIRouter()


class Build(Form):
    """What a release is to be built of."""

    cdop: str = ask("the panel")
    year: str = ask("the year")
    profile: str = ask("the profile", missing="Choose who the release is for")


@router.get("/statistics", dependencies=[requires(counting.READ)])
def statistics(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    cdop: str | None = None,
    year: str | None = None,
) -> Response:
    """List the years in scope; or show one, exact, which is audited."""
    if not cdop or not year:
        with register.reading(actor) as work:
            return render(request, "statistics/index.html", index_page(work))
    page = register.do(actor, exact_page, cdop, year)
    return render(request, "statistics/exact.html", page)


@router.post("/statistics/releases", dependencies=[requires(releasing.BUILD, confirmed=True)])
def build(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Build a release, or say why there is none. Takes some seconds, outside any transaction."""
    bound = bind(Build, posted)
    asked = bound.model
    if asked is None:
        raise Invalid(dict(bound.errors))
    with register.reading(actor) as work:
        panel = counting.find_cdop(work, asked.cdop, releasing.BUILD)
        name = organisations.name_on(work.session, panel.id, year_days(asked.year)[1])
    try:
        found = releasing.build_release(register, actor, panel.id, asked.year, asked.profile)
    except Unsafe as unsafe:
        back = exact_link(asked.cdop, asked.year)["href"]
        page = UnsafePage(name, asked.year, str(unsafe), back)
        return render(request, "statistics/unsafe.html", page, status=409)
    return go(request, f"/statistics/releases/{found.id}")


@router.get("/statistics/releases/{release_id}", dependencies=[requires(releasing.READ)])
def release(
    request: Request, register: CurrentRegister, actor: CurrentActor, release_id: UUID
) -> Response:
    """Show a release: what it shows, what it hides, and what was proved."""
    with register.reading(actor) as work:
        page = release_page(work, release_id)
    return render(request, "statistics/release.html", page)


@router.get(
    "/statistics/releases/{release_id}/package",
    dependencies=[requires(releasing.READ, confirmed=True)],
)
def package(register: CurrentRegister, actor: CurrentActor, release_id: UUID) -> Response:
    """Send a release's package; the download is audited."""
    name, content = register.do(actor, releasing.package_bytes, release_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type="application/zip", headers=headers)
