"""The list of cases in scope. It opens nothing sealed: references, coded values, days."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.deaths import queries
from cdop.errors import NotFound
from cdop.reference import codelist
from cdop.web.deaths.pages import STATUS
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.templating import day, render

router = APIRouter()
ROWS = 25


@dataclass(frozen=True)
class Row:
    """A case in the list."""

    href: str
    reference: str
    status: tuple[str, str]
    notified: str
    age: str
    sex: str


@dataclass(frozen=True)
class ListPage:
    """A page of cases, the last notified first."""

    rows: list[Row]
    next: str | None
    may_notify: bool


@router.get("/deaths", dependencies=[requires(queries.READ)])
def cases(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """List the cases in the actor's scope."""
    with register.reading(actor) as work:
        found = queries.latest(work, ROWS + 1, _after(request))
    shown = found[:ROWS]
    last = shown[-1] if len(found) > ROWS else None
    page = ListPage(
        rows=[_row(each) for each in shown],
        next=f"/deaths?after={last.notified_on.isoformat()}_{last.id}" if last else None,
        may_notify=actor.may("deaths:notification:create"),
    )
    return render(request, "deaths/list.html", page)


def _after(request: Request) -> tuple[date, UUID] | None:
    typed = request.query_params.get("after")
    if typed is None:
        return None
    on, _, id = typed.partition("_")
    try:
        return date.fromisoformat(on), UUID(id)
    except ValueError:
        raise NotFound from None


def _row(case: queries.ListedCase) -> Row:
    bands = codelist("age-bands", case.notified_on)
    age = bands.label(case.age_band) if case.age_band in bands else "Out of scope"
    sexes = codelist("sex", case.notified_on)
    return Row(
        href=f"/deaths/{case.id}",
        reference=case.reference,
        status=STATUS[case.status],
        notified=day(case.notified_on),
        age=age,
        sex=sexes.label(case.sex),
    )
