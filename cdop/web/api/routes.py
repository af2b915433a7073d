"""`/api/v1/…`: what is released, as JSON and CSV, and the description of it all (OpenAPI)."""

import csv
import io
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Response
from fastapi.openapi.utils import get_openapi

from cdop import __version__
from cdop.statistics import released
from cdop.statistics.released import Published
from cdop.statistics.releasing import file_name
from cdop.web.api.answers import ReleaseAnswer, ReleasesAnswer, TableAnswer
from cdop.web.deps import CurrentActor, CurrentRegister, by_token, public

PREFIX = "/api/v1"
router = APIRouter(prefix=PREFIX, tags=["releases"])
Code = Annotated[str, Path(pattern=r"^[a-z][a-z-]{0,80}$", description="A table's code")]
NUMBERS = ("count", "lower_bound", "upper_bound", "years_pooled")
_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"description": "An address that is none of a page: it could not be read"},
    401: {"description": "No token, or one that has ended or been revoked"},
    404: {"description": "No such release or table, or not in the token's scope"},
    429: {"description": "Too many requests; Retry-After says when to ask again"},
}


@router.get("/releases", dependencies=[by_token()], responses=_ERRORS)
def list_releases(register: CurrentRegister, actor: CurrentActor) -> ReleasesAnswer:
    """List the released packages in the token's scope, the latest first."""
    found = register.do(actor, released.published)
    return ReleasesAnswer(releases=[_answer(each) for each in found])


@router.get("/releases/{release_id}", dependencies=[by_token()], responses=_ERRORS)
def get_release(register: CurrentRegister, actor: CurrentActor, release_id: UUID) -> ReleaseAnswer:
    """Return one released package: its tables, where to read them, how it is protected."""
    return _answer(register.do(actor, released.published_release, release_id))


@router.get(
    "/releases/{release_id}/package",
    dependencies=[by_token()],
    response_class=Response,
    responses=_ERRORS | {200: {"content": {"application/zip": {}}}},
)
def get_package(register: CurrentRegister, actor: CurrentActor, release_id: UUID) -> Response:
    """Return the whole signed package as a zip."""
    found = register.do(actor, released.package, release_id)
    name = file_name(str(found.organisation_id), found)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(found.package, media_type="application/zip", headers=headers)


@router.get(
    "/releases/{release_id}/tables/{code}.csv",
    dependencies=[by_token()],
    response_class=Response,
    responses=_ERRORS | {200: {"content": {"text/csv": {}}}},
)
def get_table_csv(
    register: CurrentRegister, actor: CurrentActor, release_id: UUID, code: Code
) -> Response:
    """Return one table as CSV, as it is in the package."""
    text = register.do(actor, released.table_file, release_id, code)
    return Response(text, media_type="text/csv")


@router.get(
    "/releases/{release_id}/tables/{code}.json", dependencies=[by_token()], responses=_ERRORS
)
def get_table_json(
    register: CurrentRegister, actor: CurrentActor, release_id: UUID, code: Code
) -> TableAnswer:
    """Return one table as JSON: a row for each number, hidden ones as null."""
    text = register.do(actor, released.table_file, release_id, code)
    rows = [
        {name: _value(name, cell) for name, cell in row.items()}
        for row in csv.DictReader(io.StringIO(text))
    ]
    return TableAnswer(table=code, rows=rows)


@router.get("/openapi.json", dependencies=[public()], include_in_schema=False)
def describe() -> dict[str, Any]:
    """Describe the API, and nothing else of the register."""
    made: dict[str, Any] = get_openapi(
        title="cdop: released statistics",
        version=__version__,
        summary="Protected statistics of child death overview panels, as they were released.",
        routes=router.routes,
    )
    return made


def _answer(found: Published) -> ReleaseAnswer:
    release, here = found.release, f"{PREFIX}/releases/{found.id}"
    return ReleaseAnswer(
        id=found.id,
        panel=found.panel,
        title=found.name,
        year=release.year,
        years_pooled=release.years,
        profile=release.profile,
        released_at=release.approved_at,
        sha256=release.digest,
        package=f"{here}/package",
        tables=[
            {"code": code, "title": title, "csv": f"{here}/tables/{code}.csv",
             "json": f"{here}/tables/{code}.json"}
            for code, title in found.tables
        ],
        disclosure=found.disclosure,
    )  # fmt: skip


def _value(name: str, cell: str) -> str | int | None:
    if name in NUMBERS:
        return int(cell) if cell else None
    return cell
