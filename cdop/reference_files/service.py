"""Loading files of figures, listing them, and asking them for a denominator or a quintile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from sqlmodel import Session, col, or_, select

from cdop.errors import Invalid, Refused
from cdop.organisations.models import Kind, Organisation
from cdop.reference.deprivation import DeprivationLookup, invented_deprivation
from cdop.reference_files.models import ReferenceFile
from cdop.reference_files.reading import DEPRIVATION, read_figures
from cdop.security.work import Work

LOAD = "reference:file:load"


@dataclass(frozen=True)
class Denominator:
    """How many people or births there were, and by which edition of whose figures."""

    count: int
    edition: str
    source: str


def load(work: Work, content: bytes) -> ReferenceFile:
    """Keep a file of figures; audited. The same file again gives the one that is there.

    Raises Denied; Invalid, naming rows and reasons, when the file is not in order or names an area
    that the register does not have; Refused when its edition was loaded with other figures.
    """
    work.check(LOAD)
    try:
        figures = read_figures(content.decode("utf-8"), _areas(work.session))
    except UnicodeDecodeError:
        raise Invalid({"file": "The file is not text in UTF-8"}) from None
    heading, digest = figures.heading, sha256(content).hexdigest()
    same = (ReferenceFile.kind == heading.kind, ReferenceFile.edition == heading.edition)
    if found := work.session.exec(select(ReferenceFile).where(*same)).one_or_none():
        if found.digest != digest:
            raise Refused(
                f"The edition {heading.edition} of {heading.kind} was loaded with other figures. "
                "A file that was loaded does not change: give the new one an edition of its own."
            )
        return found
    loaded = ReferenceFile(
        kind=heading.kind,
        edition=heading.edition,
        title=heading.title,
        source=heading.source,
        published_on=heading.published,
        valid_from=heading.valid_from,
        valid_to=heading.valid_to,
        digest=digest,
        row_count=len(figures.rows),
        content=figures.content(),
        loaded_at=work.now,
        loaded_by=work.actor.name,
    )
    work.session.add(loaded)
    work.session.flush()
    work.audit(LOAD, ("reference_files", loaded.id), kind=loaded.kind, rows=loaded.row_count)
    return loaded


def listing(session: Session) -> list[ReferenceFile]:
    """Return the loaded files, by kind, the newest first. They are published figures: no scope."""
    order = (ReferenceFile.kind, col(ReferenceFile.published_on).desc(), ReferenceFile.edition)
    return list(session.exec(select(ReferenceFile).order_by(*order)))


def denominator(
    session: Session,
    kind: str,
    areas: Sequence[str],
    year: str,
    where: Mapping[str, Sequence[str]] | None = None,
) -> Denominator:
    """Return the people or births of some areas in a year, of the newest file that has them.

    `where` gives the codes wanted of a column. Raises Invalid when no file has each of the areas
    in that very year, cut by those columns: the figures of another year are not taken instead.
    """
    where = where or {}
    query = select(ReferenceFile).where(ReferenceFile.kind == kind)
    years: set[str] = set()
    for file in session.exec(query.order_by(col(ReferenceFile.published_on).desc())):
        columns = file.content["columns"]
        if not set(where) <= set(columns):
            continue
        rows = [dict(zip(columns, row, strict=True)) for row in file.content["rows"]]
        here = [row for row in rows if row["area"] in areas]
        years |= {row["year"] for row in here}
        wanted = [row for row in here if row["year"] == year]
        if areas and {row["area"] for row in wanted} == set(areas):
            counted = [r for r in wanted if all(r[name] in codes for name, codes in where.items())]
            total = sum(int(row["count"]) for row in counted)
            return Denominator(total, file.edition, file.source)
    raise Invalid({"denominator": _lacking(kind, year, where, years)})


def _lacking(kind: str, year: str, where: Mapping[str, Sequence[str]], years: set[str]) -> str:
    cut = f" by {', '.join(sorted(where))}" if where else ""
    there = f"There are figures of {', '.join(sorted(years))}. " if years else ""
    return (
        f"No file gives the {kind}{cut} of {year} for each area of the panel. {there}"
        "Load one with: cdop reference load FILE"
    )


def deprivation_on(session: Session, day: date) -> DeprivationLookup:
    """Return the look-up of quintiles in force on a day.

    Without a loaded one it is that of the invented sectors, which no real postcode is in.
    """
    query = select(ReferenceFile).where(
        ReferenceFile.kind == DEPRIVATION,
        col(ReferenceFile.valid_from) <= day,
        or_(col(ReferenceFile.valid_to).is_(None), col(ReferenceFile.valid_to) >= day),
    )
    found = session.exec(query.order_by(col(ReferenceFile.published_on).desc())).first()
    invented = invented_deprivation()
    if found is None:
        return invented
    sectors = {**invented.sectors, **dict(found.content["rows"])}
    changes = {"id": "deprivation", "edition": found.edition, "sectors": sectors}
    return invented.model_copy(update=changes)


def _areas(session: Session) -> set[str]:
    return set(session.exec(select(Organisation.slug).where(Organisation.kind == Kind.AREA)))
