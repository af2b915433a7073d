"""The organisations of the demonstration: real counties and boards, invented agencies."""

from datetime import date
from uuid import UUID

from cdop.organisations import queries
from cdop.organisations.models import BoardKind, Kind
from cdop.organisations.service import found, rename
from cdop.security.work import Work

# Local safeguarding children boards began on this day.
BEGAN = date(2006, 4, 1)
# The plan for 2011/12 still names the earlier group; referrals of 2012-13 went to the JCR.
JCR_NAMED = date(2012, 4, 1)
NEW_ARRANGEMENTS = date(2019, 9, 29)

AGENCIES = ("Hospital", "Police", "Social Care", "Public Health")


def found_places(work: Work) -> None:
    """Found Herefordshire with its boards, panel, group and agencies, and two neighbours."""
    _found_herefordshire(work)
    for slug in ("worcestershire", "hampshire"):
        found_partnership(work, slug, slug.title(), BEGAN)


def found_partnership(work: Work, slug: str, name: str, since: date) -> UUID:
    """Found an area, the children's board that answers for it, and its panel. Returns the area."""
    area = found(work, f"{slug}-area", Kind.AREA, name, since)
    board = found(
        work,
        slug,
        Kind.BOARD,
        f"{name} Safeguarding Children Board",
        since,
        board_kind=BoardKind.CHILDREN,
        serves=[area],
    )
    panel = f"{name} Child Death Overview Panel"
    found(work, f"{slug}-cdop", Kind.CDOP, panel, since, serves=[area, board])
    return area


def _found_herefordshire(work: Work) -> None:
    slug, name = "herefordshire", "Herefordshire"
    area = found_partnership(work, slug, name, BEGAN)
    for agency in AGENCIES:
        ending = agency.lower().replace(" ", "-")
        title = f"Invented {agency} of {name}"
        found(work, f"{slug}-{ending}", Kind.AGENCY, title, BEGAN, serves=[area])
    boards = [_id(work, slug)]
    for ending, title, kind in (
        ("adults", "Safeguarding Adults Board", BoardKind.ADULTS),
        ("community-safety", "Community Safety Partnership", BoardKind.COMMUNITY_SAFETY),
    ):
        board = found(
            work,
            f"{slug}-{ending}",
            Kind.BOARD,
            f"{name} {title}",
            BEGAN,
            board_kind=kind,
            serves=[area],
        )
        boards.append(board)
    first = "Serious Case Review and Domestic Homicide Sub-Group"
    group = found(work, f"{slug}-jcr", Kind.GROUP, first, BEGAN, serves=boards)
    rename(work, group, f"{name} Joint Case Review Sub-Group", JCR_NAMED)
    partnership = f"{name} Safeguarding Children Partnership"
    rename(work, boards[0], partnership, NEW_ARRANGEMENTS)


def _id(work: Work, slug: str) -> UUID:
    return queries.by_slug(work.session, slug).id
