"""The release desk: proved, approved by a second person, frozen; and every way in which not."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.errors import Denied, Invalid, NotFound, Refused, Unsafe
from cdop.meetings.models import Attendance, Meeting
from cdop.organisations import people, service
from cdop.organisations.models import Membership
from cdop.security.work import Register
from cdop.statistics import (
    counting,
    disclosure,
    drafting,
    protecting,
    proving,
    releasing,
    settling,
)
from cdop.statistics.asked import Asked
from cdop.statistics.disclosure import worker
from cdop.statistics.models import Release
from cdop.statistics.rules import Recipient
from tests.deaths import AFTER, YEAR, add_death
from tests.desk import PANEL, approved, built, drafted, plain_packages, released
from tests.factories import MAKER, Herefordshire
from tests.panels import audited

REASON = "An invented reason"


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    plain_packages(monkeypatch)


def files(release: Release) -> dict[str, str]:
    assert release.package
    with zipfile.ZipFile(io.BytesIO(release.package)) as archive:
        return {name: archive.read(name).decode(errors="replace") for name in archive.namelist()}


def stored(register: Register) -> list[Release]:
    with register.reading(MAKER) as work:
        return list(work.session.exec(select(Release)))


def history(county: Herefordshire, release: Release) -> list[tuple[str, str]]:
    with county.register.reading(MAKER) as work:
        return [(event.kind, event.by) for event in releasing.events(work, release)]


def test_a_release_goes_out_by_two_people_and_its_history_says_so(
    published: Herefordshire,
) -> None:
    release = released(published)
    assert (release.state, release.approved_by) == ("released", "release-approver")
    published.register.do(published.actors["analyst"], releasing.package_bytes, release.id)
    assert history(published, release) == [
        ("draft", "analyst"),
        ("prove", "analyst"),
        ("approve", "release-approver"),
        ("download", "analyst"),
    ]


def test_the_ledger_keeps_what_was_shown_and_the_package_no_hash_of_what_was_not(
    sqlite_county: Herefordshire,
) -> None:
    """The digest in the package is keyed: nobody can try out counts until it fits."""
    release = built(sqlite_county)
    content = files(release)
    told = json.loads(content["disclosure.json"])
    assert told["certificate_digest"] == release.certificate
    shown = releasing.shown_cells(release)
    assert told["counts_hidden"] == sum(count is None for count in shown.values())
    assert release.ledger["attackers"] == ["public", "other-years", "family"]
    assert release.ledger["snapshot"] not in str(content)
    assert "smallest_width" not in told


@pytest.mark.parametrize(
    "profile", ["partner-1to4", "strict-1to9", "nhs-1to7-round5", "rounded-3", "rounded-5"]
)
def test_the_year_can_be_released_under_each_profile(
    sqlite_county: Herefordshire, profile: str
) -> None:
    release = built(sqlite_county, profile=profile)
    table = list(csv.DictReader(io.StringIO(files(release)["tables/reviewed-by-sex.csv"])))
    counts = [row["count"] for row in table]
    assert not {"1", "2", "3", "4"} & (set(counts) - ({"3"} if profile == "rounded-3" else set()))
    marks = {row["count_symbol"] for row in table}
    assert marks <= ({"", "[low]"} if profile.startswith("rounded") else {"", "[c]"})
    if profile.startswith("rounded"):
        base = int(profile[-1])
        assert all(int(count) % base == 0 for count in counts)
        assert int(counts[0]) == sum(map(int, counts[1:]))


def test_a_release_is_built_again_byte_for_byte_after_the_register_has_changed(
    sqlite_county: Herefordshire,
) -> None:
    release = released(sqlite_county)
    with sqlite_county.register.work(MAKER) as work:
        add_death(work, sqlite_county[PANEL])
    content, same = settling.rebuild(sqlite_county.register, MAKER, release.id)
    assert same
    assert content == release.package
    with sqlite_county.register.work(MAKER) as work:
        found = work.session.get_one(Release, release.id)
        found.snapshot = found.snapshot.replace('"male"', '"female"', 1)
    with pytest.raises(Unsafe, match="changed outside"):
        settling.rebuild(sqlite_county.register, MAKER, release.id)


def test_attendance_is_in_the_package_as_it_was_and_not_protected(
    sqlite_county: Herefordshire,
) -> None:
    """Professionals in office: frozen with the release, so that it is built again all the same."""
    register, panel = sqlite_county.register, sqlite_county[PANEL]
    with register.work(MAKER) as work:
        for day, state in ((date(2013, 9, 1), "attended"), (date(2014, 3, 1), "absent")):
            meeting = Meeting(
                organisation_id=panel,
                held_on=day,
                status="held",
                arranged_at=work.now,
                arranged_by="test",
            )
            work.session.add(meeting)
            work.session.flush()
            found = Attendance(meeting_id=meeting.id, agency="police", state=state)
            work.session.add(found)
    release = built(sqlite_county)
    rows = list(csv.DictReader(io.StringIO(files(release)["tables/attendance.csv"])))
    counted = {row["state"]: row["meetings"] for row in rows if row["agency"] == "police"}
    assert counted == {"attended": "1", "represented": "0", "absent": "1", "not-member": "0"}
    assert "Meetings held: 2" in files(release)["report.html"]
    with register.work(MAKER) as work:
        for each in work.session.exec(select(Attendance)).all():
            each.state = "attended"
    assert settling.rebuild(register, MAKER, release.id)[1]
    asked = built(sqlite_county, asked=(Asked("died", ("sex",)),))
    assert "tables/attendance.csv" not in files(asked)


def test_nobody_approves_what_they_drafted_or_built(sqlite_county: Herefordshire) -> None:
    """Not even the system, which may do anything else; and the sentence says why."""
    release = built(sqlite_county, MAKER)
    with pytest.raises(Refused, match="A second person approves it, because"):
        sqlite_county.register.do(MAKER, settling.approve, release.id)
    drafted_only = drafted(sqlite_county, MAKER)
    proving.build(sqlite_county.register, sqlite_county.actors["analyst"], drafted_only.id)
    with pytest.raises(Refused, match="You drafted or built"):
        sqlite_county.register.do(MAKER, settling.approve, drafted_only.id)
    with pytest.raises(Denied):
        sqlite_county.register.do(sqlite_county.actors["analyst"], settling.approve, release.id)
    assert {each.state for each in stored(sqlite_county.register)} == {"proved"}


def test_what_is_not_out_is_not_downloaded(sqlite_county: Herefordshire) -> None:
    analyst = sqlite_county.actors["analyst"]
    release = built(sqlite_county)
    with pytest.raises(Refused, match="waits for approval"):
        sqlite_county.register.do(analyst, releasing.package_bytes, release.id)
    approved(sqlite_county, release)
    assert sqlite_county.register.do(analyst, releasing.package_bytes, release.id)[1]
    approver = sqlite_county.actors["release-approver"]
    with pytest.raises(Invalid, match="reason"):
        sqlite_county.register.do(approver, settling.withdraw, release.id, " ")
    sqlite_county.register.do(approver, settling.withdraw, release.id, REASON)
    with pytest.raises(Refused, match="withdrawn"):
        sqlite_county.register.do(analyst, releasing.package_bytes, release.id)
    with sqlite_county.register.reading(analyst) as work:
        assert releasing.events(work, release)[-1].remark == REASON


def test_a_declined_release_stays_declined(sqlite_county: Herefordshire) -> None:
    release = built(sqlite_county)
    approver = sqlite_county.actors["release-approver"]
    sqlite_county.register.do(approver, settling.decline, release.id, REASON)
    with pytest.raises(Refused, match="declined"):
        approved(sqlite_county, release)
    with pytest.raises(Refused, match="declined"):
        proving.build(sqlite_county.register, sqlite_county.actors["analyst"], release.id)


def test_typed_text_is_settled_by_the_approver(sqlite_county: Herefordshire) -> None:
    release = built(sqlite_county, note="An invented remark about the year.")
    with pytest.raises(Invalid, match="gives no count"):
        approved(sqlite_county, release)
    done = approved(sqlite_county, release, settled=True)
    assert done.ledger["note_settled_by"] == "release-approver"


def test_a_profile_is_for_those_it_was_made_for(sqlite_county: Herefordshire) -> None:
    public = (Recipient("Everyone", "public"),)
    with pytest.raises(Refused, match="partners under an agreement"):
        drafted(sqlite_county, recipients=public)
    assert drafted(sqlite_county, recipients=public, profile="rounded-5").state == "draft"
    with pytest.raises(Invalid):
        drafted(sqlite_county, profile="none")
    with pytest.raises(Invalid, match="whom"):
        drafted(sqlite_county, recipients=())


def test_a_profile_below_the_floor_releases_nothing(
    sqlite_county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = replace(disclosure.profile("partner-1to4"), width=2)
    monkeypatch.setattr(drafting, "profile", lambda _: weak)
    with pytest.raises(Refused, match="uncertain by 3"):
        drafted(sqlite_county)


def test_no_proof_no_release(sqlite_county: Herefordshire, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one complement shown nothing is stored but the reason, and the log says failed."""

    def leaky(system: Any, profile: Any, who: Any, **options: Any) -> Any:
        found = worker.hide_against(system, profile, who, **options)
        shown = found.hidden & profile.is_small(system.values, system.limits)
        return worker.hide_against(system, profile, who, hidden=shown)

    monkeypatch.setattr(protecting, "hide_against", leaky)
    release = drafted(sqlite_county)
    with pytest.raises(Unsafe, match="could be worked out"):
        proving.build(sqlite_county.register, sqlite_county.actors["analyst"], release.id)
    (found,) = stored(sqlite_county.register)
    assert (found.state, found.package) == ("refused", None)
    assert "could be worked out" in found.reason
    (line,) = audited(sqlite_county.register, "statistics:release:refuse")
    assert (line.outcome, line.actor) == ("failed", "analyst")


def test_counts_that_change_while_the_solver_works_are_not_released(
    published: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The solver holds no transaction: a writer gets through, and the release does not."""

    def slow(*asked: Any) -> Any:
        with published.register.work(MAKER) as work:
            add_death(work, published[PANEL])
        return protecting.protect_release(*asked)

    monkeypatch.setattr(proving, "protect_release", slow)
    release = drafted(published)
    with pytest.raises(Refused, match="Build it again"):
        proving.build(published.register, published.actors["analyst"], release.id)
    assert stored(published.register)[0].state == "draft"


def test_two_who_build_at_once_prove_it_once(
    published: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = drafted(published)

    def slow(*asked: Any) -> Any:
        monkeypatch.setattr(proving, "protect_release", protecting.protect_release)
        proving.build(published.register, MAKER, release.id)
        return protecting.protect_release(*asked)

    monkeypatch.setattr(proving, "protect_release", slow)
    with pytest.raises(Refused, match="Somebody else"):
        proving.build(published.register, published.actors["analyst"], release.id)
    assert [each for each in history(published, release) if each[0] == "prove"] == [
        ("prove", MAKER.name)
    ]


def test_a_second_release_of_the_same_deaths_is_held_against_the_first(
    sqlite_county: Herefordshire,
) -> None:
    """Two proved at once: the second may not go out beside a first it knew nothing of."""
    first, second = built(sqlite_county), built(sqlite_county, profile="strict-1to9")
    approved(sqlite_county, first)
    with pytest.raises(Refused, match="Another release of these cases"):
        approved(sqlite_county, second)
    third = released(sqlite_county, profile="strict-1to9")
    assert third.against == [str(first.id)]
    assert "ledger" in third.ledger["attackers"]


def test_one_person_with_two_accounts_is_no_second_person(published: Herefordshire) -> None:
    """Of two accounts with one work address; with an address each they are two people."""
    release, register = built(published), published.register
    with register.work(MAKER) as work:
        for who, address in (("analyst", "Jo@example.org"), ("release-approver", "jo@example.org")):
            people.by_username(work.session, who).email = address
    with pytest.raises(Refused, match="your work address"):
        approved(published, release)
    with register.work(MAKER) as work:
        people.by_username(work.session, "release-approver").email = "other@example.org"
    assert approved(published, release).state == "released"


def test_an_approver_whose_role_ended_since_the_proof_approves_nothing(
    published: Herefordshire,
) -> None:
    release, register = built(published), published.register
    with register.work(MAKER) as work:
        account = people.by_username(work.session, "release-approver")
        held = work.session.exec(select(Membership).where(Membership.account_id == account.id))
        for membership in held:
            membership.valid_to = work.today - timedelta(days=1)
    with register.reading(MAKER) as work:
        approver = people.actor_by_username(work.session, "release-approver", work.now)
    with pytest.raises(Denied):
        register.do(approver, settling.approve, release.id)


def test_a_new_edition_after_a_late_notification_gives_it_away_to_nobody(
    sqlite_county: Herefordshire,
) -> None:
    """What changed by one is not shown twice: no cell is printed in both with another number."""
    first = released(sqlite_county)
    with sqlite_county.register.work(MAKER) as work:
        add_death(work, sqlite_county[PANEL], notified=AFTER, age="5-9-years", sex="female")
    second = released(sqlite_county, replaces=first.id)
    assert second.replaces_id == first.id
    before, now = releasing.shown_cells(first), releasing.shown_cells(second)
    both = [p for p in now if now[p] is not None and before[p] is not None]
    assert both
    assert all(now[place] == before[place] for place in both)


def test_years_pooled_are_named_in_the_file_as_on_the_desk(sqlite_county: Herefordshire) -> None:
    """Beside the year's own release, a pool under its name would pass for it."""
    pooled = drafted(sqlite_county, years=3)
    assert releasing.file_name(PANEL, pooled) == (
        "herefordshire-cdop-2011-12-to-2013-14-partner-1to4.zip"
    )


def test_a_number_that_grew_by_many_is_marked_as_revised(sqlite_county: Herefordshire) -> None:
    first = released(sqlite_county)
    with sqlite_county.register.work(MAKER) as work:
        for _ in range(6):
            add_death(work, sqlite_county[PANEL], notified=AFTER)
    second = released(sqlite_county, replaces=first.id)
    tables = [files(each)["tables/died-by-age.csv"] for each in (first, second)]
    totals = [next(csv.DictReader(io.StringIO(text))) for text in tables]
    told = [(total["count"], total["marks"]) for total in totals]
    assert told == [("11", ""), ("17", "[r]")]


def test_a_rounded_number_stays_while_the_truth_is_within_its_reach(
    sqlite_county: Herefordshire,
) -> None:
    first = released(sqlite_county, profile="rounded-5")
    with sqlite_county.register.work(MAKER) as work:
        add_death(work, sqlite_county[PANEL], notified=AFTER, age="5-9-years", sex="female")
        records = counting.counts(work, sqlite_county[PANEL], YEAR)
    second = released(sqlite_county, profile="rounded-5", replaces=first.id)
    assert len(records) == 12
    before, now = releasing.shown_cells(first), releasing.shown_cells(second)
    changed = [place for place in now if now[place] != before[place]]
    assert len(changed) <= len(now) // 20


def test_a_table_asked_for_goes_through_the_same_gate(sqlite_county: Herefordshire) -> None:
    """Drafted, protected beside what went out before, approved by a second person, frozen."""
    first = released(sqlite_county, asked=(Asked("reviewed", ("sex",)),))
    asked = (Asked("reviewed", ("place", "sex")),)
    second = built(sqlite_county, asked=asked)
    assert second.against == [str(first.id)]
    assert "ledger" in second.ledger["attackers"]
    content = files(approved(sqlite_county, second))
    tables = [name for name in content if name.startswith("tables/reviewed-by-")]
    assert tables == ["tables/reviewed-by-place-sex.csv"]
    described = json.loads(content["datapackage.json"])["title"]
    assert described.startswith("Reviewed in the year by place of death and sex: ")
    counts = list(csv.DictReader(io.StringIO(content[tables[0]])))
    assert not {"1", "2", "3", "4"} & {row["count"] for row in counts}
    analyst = sqlite_county.actors["analyst"]
    name, _ = sqlite_county.register.do(analyst, releasing.package_bytes, second.id)
    assert name == "herefordshire-cdop-2013-14-reviewed-by-place-sex-partner-1to4.zip"
    assert settling.rebuild(sqlite_county.register, analyst, second.id)[1]
    with sqlite_county.register.reading(analyst) as work:
        assert not releasing.releases(work, [sqlite_county[PANEL]])  # the year's own are not out
    with pytest.raises(Invalid, match="may not read"):
        drafted(sqlite_county, asked=(Asked("reviewed", ("names",)),))


def test_the_panel_that_took_its_place_is_held_against_its_releases(
    sqlite_county: Herefordshire,
) -> None:
    first = released(sqlite_county)
    with sqlite_county.register.work(MAKER) as work:
        new = service.merge(
            work, "marches", "Marches CDOP", [sqlite_county[PANEL]], date(2019, 9, 29)
        )
    wanted = drafting.as_drafted(first)
    again = sqlite_county.register.do(MAKER, drafting.draft, new, wanted)
    assert proving.build(sqlite_county.register, MAKER, again.id).against == [str(first.id)]


def test_a_year_that_has_not_ended_is_not_released(
    sqlite_county: Herefordshire, clock: FixedClock
) -> None:
    clock.at = datetime(2014, 3, 31, 12, tzinfo=UTC)
    with pytest.raises(Refused, match="has not ended"):
        drafted(sqlite_county)


def test_each_step_asks_for_permission_and_scope(published: Herefordshire) -> None:
    release = released(published)
    for actor in ("coordinator", "neighbour", "administrator"):
        who = published.actors[actor]
        with pytest.raises(Denied):
            drafted(published, actor)
        with pytest.raises(Denied):
            proving.build(published.register, who, release.id)
        for step in (releasing.package_bytes, settling.approve, drafting.discard):
            with pytest.raises(Denied):
                published.register.do(who, step, release.id)
    with pytest.raises(NotFound):
        published.register.do(published.actors["analyst"], releasing.package_bytes, uuid4())
    elsewhere = published["worcestershire-cdop"]
    with pytest.raises(Denied):
        published.register.do(
            published.actors["analyst"], drafting.draft, elsewhere, drafting.as_drafted(release)
        )


def test_a_download_is_audited_and_refused_once_tampered_with(sqlite_county: Herefordshire) -> None:
    release = released(sqlite_county)
    analyst = sqlite_county.actors["analyst"]
    name, content = sqlite_county.register.do(analyst, releasing.package_bytes, release.id)
    assert name == "herefordshire-cdop-2013-14-partner-1to4.zip"
    assert content == release.package
    (line,) = audited(sqlite_county.register, releasing.READ)
    assert line.subject_id == release.id
    with sqlite_county.register.work(MAKER) as work:
        work.session.get_one(Release, release.id).package = content + b" "
    with pytest.raises(Unsafe):
        sqlite_county.register.do(analyst, releasing.package_bytes, release.id)
