"""Releases for tests: drafted, built and approved by the county's people."""

from typing import Any
from uuid import UUID

import pytest

from cdop.errors import Refused, Unsafe
from cdop.security.actor import Actor
from cdop.statistics import drafting, package, proving, releasing, settling
from cdop.statistics.drafting import Draft
from cdop.statistics.models import Release
from cdop.statistics.rules import Recipient
from tests.deaths import YEAR
from tests.factories import MAKER, Herefordshire

PANEL = "herefordshire-cdop"
PARTNER = Recipient("Invented public health team")


def drafted(
    county: Herefordshire,
    who: str | Actor = "analyst",
    replaces: UUID | None = None,
    at: str = PANEL,
    **parts: Any,
) -> Release:
    """Draft a release of Herefordshire's published year, for partners unless said otherwise."""
    actor = county.actors[who] if isinstance(who, str) else who
    wanted = Draft(**{"year": YEAR, "profile": "partner-1to4", "recipients": (PARTNER,), **parts})
    return county.register.do(actor, drafting.draft, county[at], wanted, replaces)


def built(county: Herefordshire, who: str | Actor = "analyst", **parts: Any) -> Release:
    """Draft a release and prove it."""
    actor = county.actors[who] if isinstance(who, str) else who
    return proving.build(county.register, actor, drafted(county, actor, **parts).id)


def approved(county: Herefordshire, release: Release, **options: Any) -> Release:
    """Let a second person approve it."""
    approver = county.actors["release-approver"]
    return county.register.do(approver, settling.approve, release.id, **options)


def released(county: Herefordshire, **parts: Any) -> Release:
    """Draft, prove and approve a release."""
    return approved(county, built(county, **parts))


def blocked(county: Herefordshire, release: Release, why: str) -> None:
    """Check that a draft cannot be proved, says why, and that nobody gets it then."""
    analyst = county.actors["analyst"]
    with pytest.raises(Unsafe, match=why):
        proving.build(county.register, analyst, release.id)
    with county.register.reading(MAKER) as work:
        found = work.session.get_one(Release, release.id)
        assert (found.state, found.package) == ("refused", None)
        assert found.reason
    with pytest.raises(Refused, match="not safe"):
        county.register.do(analyst, releasing.package_bytes, release.id)
    with pytest.raises(Refused):
        approved(county, release)


def plain_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out of packages what takes long to draw and print, and is tested on its own."""
    for name in ("png", "docx", "pdf", "workbook"):
        monkeypatch.setattr(package, name, lambda *_: b"")
