"""A release: proved, frozen, the same bytes every time; and every way in which there is none."""

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.errors import Denied, Invalid, NotFound, Refused, Unsafe
from cdop.organisations import service
from cdop.security.work import Register
from cdop.statistics import counting, protecting, releasing
from cdop.statistics.disclosure import Attacker, LinearSystem, Profile, worker
from cdop.statistics.models import Release
from tests.deaths import AFTER, YEAR, add_death, herefordshire_2013_14
from tests.factories import MAKER, Herefordshire
from tests.panels import audited

PANEL = "herefordshire-cdop"
ANALYST = "analyst"


def build(county: Herefordshire, actor: str = ANALYST, profile: str = "partner-1to4") -> Release:
    return releasing.build_release(
        county.register, county.actors[actor], county[PANEL], YEAR, profile
    )


def stored(register: Register) -> list[Release]:
    with register.reading(MAKER) as work:
        return list(work.session.exec(select(Release)))


def files(release: Release) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(release.package)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_ledger_keeps_what_was_shown_and_the_package_no_hash_of_what_was_not(
    published: Herefordshire,
) -> None:
    """The digest in the package is keyed: nobody can try out counts until it fits."""
    release = build(published)
    content = files(release)
    told = json.loads(content["disclosure.json"])
    assert told["certificate_digest"] == release.certificate
    assert told["counts_hidden"] == sum(
        count is None for count in releasing.shown_cells(release).values()
    )
    assert release.ledger["attackers"] == ["public", "other-years"]
    assert release.ledger["snapshot"] not in str(content)
    assert "smallest_width" not in told
    with published.register.reading(MAKER) as work:
        records = counting.counts(work, published[PANEL], YEAR)
    assert release.ledger["snapshot"] == counting.digest(records)


def test_a_release_built_anew_is_the_same_bytes(published: Herefordshire) -> None:
    """As on a copy of the register made before the release: same deaths and keys, same package."""
    first = build(published)
    with published.register.work(MAKER) as work:
        work.session.delete(work.session.get(Release, first.id))
    again = build(published)
    assert again.id != first.id
    assert again.package == first.package


def test_a_release_is_frozen(published: Herefordshire) -> None:
    """Built again it is the same; after a late notification it stays, and nothing new is built."""
    first = build(published)
    assert build(published).id == first.id
    with published.register.work(MAKER) as work:
        add_death(work, published[PANEL], notified=AFTER)
    with pytest.raises(Refused, match="The released figures stay"):
        build(published)
    with published.register.work(published.actors[ANALYST]) as work:
        assert releasing.package_bytes(work, first.id)[1] == first.package
    assert len(stored(published.register)) == 1


def test_a_year_is_released_under_one_profile(published: Herefordshire) -> None:
    build(published)
    with pytest.raises(Refused, match="another profile"):
        build(published, profile="strict-1to9")
    with pytest.raises(Invalid):
        build(published, profile="none")


@pytest.mark.parametrize("rounding", ["nhs-1to7-round5", "rounded-3", "rounded-5"])
def test_a_package_of_exact_counts_follows_no_profile_that_rounds(
    published: Herefordshire, rounding: str
) -> None:
    with pytest.raises(Refused, match="round"):
        build(published, profile=rounding)


def test_the_panel_that_took_its_place_does_not_release_the_year_again(
    published: Herefordshire,
) -> None:
    build(published)
    with published.register.work(MAKER) as work:
        new = service.merge(work, "marches", "Marches CDOP", [published[PANEL]], date(2019, 9, 29))
    with pytest.raises(Refused, match="by the panel before or after it"):
        releasing.build_release(published.register, MAKER, new, YEAR)


def test_no_proof_no_release(published: Herefordshire, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one complement shown there is no file, nothing is stored, and the log says failed."""

    def leaky(system: LinearSystem, profile: Profile, attacker: Attacker) -> Any:
        hidden, _ = worker.protect_and_audit(system, profile, attacker)
        spare = np.flatnonzero(hidden & ~profile.is_small(system.values))
        hidden[spare] = False
        return worker.protect_and_audit(system, profile, attacker, hidden=hidden)

    monkeypatch.setattr(protecting, "protect_and_audit", leaky)
    with pytest.raises(Unsafe, match="could be worked out"):
        build(published)
    assert not stored(published.register)
    (line,) = audited(published.register, releasing.BUILD)
    assert (line.outcome, line.actor, line.detail["year"]) == ("failed", ANALYST, YEAR)


def test_counts_that_change_while_the_solver_works_are_not_released(
    published: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The solver holds no transaction: a writer gets through, and the release does not."""

    def slow(*asked: Any) -> Any:
        with published.register.work(MAKER) as work:
            add_death(work, published[PANEL])
        return protecting.protect_year(*asked)

    monkeypatch.setattr(releasing, "protect_year", slow)
    with pytest.raises(Refused, match="Build it again"):
        build(published)
    assert not stored(published.register)


def test_two_who_build_at_once_get_one_release(
    published: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival: list[Release] = []

    def slow(*asked: Any) -> Any:
        monkeypatch.setattr(releasing, "protect_year", protecting.protect_year)
        rival.append(build(published))
        return protecting.protect_year(*asked)

    monkeypatch.setattr(releasing, "protect_year", slow)
    assert build(published).id == rival[0].id
    assert len(stored(published.register)) == 1


def test_a_year_that_has_not_ended_is_not_released(
    published: Herefordshire, clock: FixedClock
) -> None:
    clock.at = datetime(2014, 3, 31, 12, tzinfo=UTC)
    with pytest.raises(Refused, match="has not ended"):
        build(published)


def test_building_and_reading_ask_for_permission_and_scope(published: Herefordshire) -> None:
    release = build(published)
    for actor in ("coordinator", "neighbour", "administrator"):
        with pytest.raises(Denied):
            build(published, actor)
        with pytest.raises(Denied):
            published.register.do(published.actors[actor], releasing.package_bytes, release.id)
    elsewhere = published.actors[ANALYST]
    with pytest.raises(Denied):
        releasing.build_release(
            published.register, elsewhere, published["worcestershire-cdop"], YEAR
        )
    with pytest.raises(NotFound):
        published.register.do(elsewhere, releasing.package_bytes, uuid4())
    assert "denied" in {line.outcome for line in audited(published.register, releasing.BUILD)}


def test_another_panels_release_is_not_found(published: Herefordshire) -> None:
    herefordshire_2013_14(published.register, published["worcestershire-cdop"])
    other = releasing.build_release(
        published.register, MAKER, published["worcestershire-cdop"], YEAR
    )
    with pytest.raises(NotFound):
        published.register.do(published.actors[ANALYST], releasing.package_bytes, other.id)
    with published.register.reading(published.actors[ANALYST]) as work:
        panels = [published[PANEL], published["worcestershire-cdop"]]
        assert releasing.releases(work, panels) == {}


def test_a_download_is_audited_and_refused_once_tampered_with(published: Herefordshire) -> None:
    release = build(published)
    name, content = published.register.do(
        published.actors[ANALYST], releasing.package_bytes, release.id
    )
    assert name == "herefordshire-cdop-2013-14-partner-1to4.zip"
    assert content == release.package
    (line,) = audited(published.register, releasing.READ)
    assert line.subject_id == release.id
    with published.register.work(MAKER) as work:
        work.session.get(Release, release.id).package = release.package + b" "
    with pytest.raises(Unsafe):
        published.register.do(published.actors[ANALYST], releasing.package_bytes, release.id)
