"""Released packages and what is in them, for programs: nothing that was not released is read."""

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from cdop.errors import NotFound, Unsafe
from cdop.organisations import queries as organisations
from cdop.security.actor import everywhere
from cdop.security.work import Work
from cdop.statistics.models import Release
from cdop.statistics.releasing import note_download
from cdop.statistics.tokens import READ

RELEASED = "released"


@dataclass(frozen=True)
class Published:
    """A released package: whose, of what, its tables, and how it is protected (`disclosure`)."""

    id: UUID
    panel: str
    name: str
    release: Release
    tables: tuple[tuple[str, str], ...]
    disclosure: dict[str, Any]


def published(work: Work) -> list[Published]:
    """Return the released packages in the actor's scope, the latest first; audited."""
    work.check(READ)
    query = select(Release).where(Release.state == RELEASED, col(Release.package).is_not(None))
    if not everywhere(work.actor):
        query = query.where(col(Release.organisation_id).in_(work.actor.scope(READ)))
    found = work.session.exec(query.order_by(col(Release.year).desc(), col(Release.id).desc()))
    work.audit(READ, via="api", asked="list")
    return [_published(work, release) for release in found]


def published_release(work: Work, release_id: UUID) -> Published:
    """Return a released package; audited. Raises NotFound for any other."""
    release = _find(work, release_id)
    _note(work, release, "release")
    return _published(work, release)


def package(work: Work, release_id: UUID) -> Release:
    """Return a release for its package; audited. Raises NotFound."""
    release = _find(work, release_id)
    _note(work, release, "package")
    return release


def table_file(work: Work, release_id: UUID, code: str) -> str:
    """Return the CSV of one table of a released package; audited. Raises NotFound."""
    release = _find(work, release_id)
    with _opened(release) as archive:
        try:
            content = archive.read(f"tables/{code}.csv")
        except KeyError:
            raise NotFound from None
    _note(work, release, code)
    return content.decode()


def files(release: Release) -> dict[str, bytes]:
    """Return the files of a release's package. Raises Unsafe when it has none."""
    with _opened(release) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _find(work: Work, release_id: UUID) -> Release:
    work.check(READ)
    release = work.session.get(Release, release_id)
    if release is None or release.state != RELEASED:
        raise NotFound
    if not work.actor.may(READ, release.organisation_id):
        raise NotFound
    return release


def _note(work: Work, release: Release, asked: str) -> None:
    if asked != "release":
        note_download(work, release, f"By the API: {asked}")
    work.audit(
        READ, ("releases", release.id), release.organisation_id, via="api", asked=asked,
        digest=release.digest,
    )  # fmt: skip


def _opened(release: Release) -> zipfile.ZipFile:
    if release.package is None:
        raise Unsafe("A released package is not there")
    return zipfile.ZipFile(io.BytesIO(release.package))


def _published(work: Work, release: Release) -> Published:
    panel = organisations.get(work.session, release.organisation_id)
    with _opened(release) as archive:
        described = json.loads(archive.read("datapackage.json"))
        told = json.loads(archive.read("disclosure.json"))
    tables = tuple(
        (each["path"].removeprefix("tables/").removesuffix(".csv"), each["title"])
        for each in described["resources"]
        if each["path"].startswith("tables/")
    )
    return Published(release.id, panel.slug, described["title"], release, tables, told)
