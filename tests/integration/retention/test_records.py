"""Which records may be erased, what stands against it, and what goes with them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from cdop.case_reviews import service as case_reviews
from cdop.case_reviews.commands import NewDecision, NewRecommendation
from cdop.case_reviews.models import SUBJECT, Referral
from cdop.case_reviews.rules import NO_REVIEW
from cdop.clock import FixedClock
from cdop.deaths import search
from cdop.deaths.models import PossibleMatch
from cdop.deaths.service import decide_match, notify
from cdop.errors import Denied, Erased, Invalid, NotFound, Refused
from cdop.organisations.models import OrganisationLink
from cdop.retention import erasing, holds, listing, periods, rules
from cdop.retention.old_rows import remove_old
from cdop.retention.periods import NewPeriod
from cdop.security.models import DataKey
from tests.client import session_of
from tests.factories import MAKER, Herefordshire, child, told
from tests.integration.retention.conftest import LATER, Old, a_reviewed_case, keep_for
from tests.panels import audited

REMOVED = "retention:rows:remove"


def preview(old: Old, who: str = "coordinator") -> listing.Preview:
    return old.register.do(old.county.actors[who], listing.preview)


def past(old: Old, kind: str = "death-case") -> int:
    place = old.county["herefordshire-cdop"]
    found = [
        line.past
        for line in preview(old).lines
        if line.kind.code == kind and line.organisation_id == place
    ]
    assert len(found) == 1
    return found[0]


def test_the_preview_counts_what_is_past_and_opens_nothing(old: Old) -> None:
    before = len(audited(old.register, "deaths:identity:read"))
    found = preview(old)
    assert [each.record.reference for each in found.records] == ["CD-2026-0001"]
    assert found.records[0].obstacles == ()
    assert past(old) == 1
    assert len(audited(old.register, "deaths:identity:read")) == before
    old.erased()
    assert past(old) == 0


@pytest.mark.parametrize("who", ["panel-chair", "notifier", "analyst", "panel-member"])
def test_others_see_no_preview_and_propose_nothing(old: Old, who: str) -> None:
    with pytest.raises(Denied):
        preview(old, who)
    with pytest.raises(Denied):
        old.register.do(old.county.actors[who], erasing.propose, old.record)


def test_a_hold_on_the_whole_organisation_keeps_all_its_records(old: Old) -> None:
    panel = ("organisations", old.county["herefordshire-cdop"])
    hold = old.register.do(old.guardian, holds.set_hold, panel, "public-inquiry", "A letter")
    assert preview(old).records[0].obstacles == (rules.ALL_HELD,)
    with pytest.raises(Refused, match="all records of this organisation"):
        old.proposed()
    with pytest.raises(NotFound):
        old.register.do(old.county.actors["neighbour"], holds.lift_hold, hold, "Not mine")
    old.register.do(old.guardian, holds.lift_hold, hold, "The inquiry has ended")
    old.erased()


def test_a_hold_gives_its_reasons_and_is_lifted_once(old: Old) -> None:
    with pytest.raises(Invalid) as caught:
        old.register.do(old.guardian, holds.set_hold, old.record, "because", " ")
    assert set(caught.value.fields) == {"why", "reason"}
    hold = old.register.do(old.guardian, holds.set_hold, old.record, "police", "A letter")
    old.register.do(old.guardian, holds.lift_hold, hold, "No charge")
    with pytest.raises(Refused, match="lifted already"):
        old.register.do(old.guardian, holds.lift_hold, hold, "Again")
    with pytest.raises(Denied):
        old.register.do(
            old.county.actors["panel-chair"], holds.set_hold, old.record, "police", "A letter"
        )


@pytest.mark.parametrize("whole", [False, True])
def test_a_hold_and_an_erasure_at_one_moment_never_both_succeed(old: Old, whole: bool) -> None:
    erasure = old.approved()
    panel = ("organisations", old.county["herefordshire-cdop"])
    held = panel if whole else old.record
    start = Barrier(2)

    def hold() -> bool:
        start.wait()
        try:
            old.register.do(old.guardian, holds.set_hold, held, "inquest", "A letter")
        except Erased:
            return False
        return True

    def erase() -> bool:
        start.wait()
        try:
            erasing.carry_out(old.register, old.coordinator, erasure)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        was_held, was_erased = [each.result() for each in (pool.submit(hold), pool.submit(erase))]
    # A hold on the organisation stands for its other records, even when this one was first.
    assert was_held != was_erased or (whole and was_held)
    with old.register.reading(MAKER) as work:
        assert (work.session.get_one(DataKey, old.id).wrapped is None) == was_erased


def test_a_case_that_was_joined_goes_with_the_case_it_was_joined_to(
    county: Herefordshire, clock: FixedClock
) -> None:
    earlier = a_reviewed_case(county)
    coordinator = county.actors["coordinator"]
    again = told(
        county["herefordshire-cdop"],
        child(1, nhs_number="", given="Example1", family="Testchild1"),
    )
    later = county.register.do(coordinator, notify, again).death_id
    assert later not in (None, earlier)
    with county.register.reading(coordinator) as work:
        match = work.session.exec(select(PossibleMatch)).one().id
    keep_for(county, 25)
    old = Old(county, earlier)
    now, clock.at = clock.at, LATER
    with pytest.raises(Refused) as caught:
        old.proposed()
    assert str(caught.value) == rules.UNDECIDED_MATCH
    clock.at = now
    county.register.do(coordinator, decide_match, match, "same")
    clock.at = LATER
    old.erased()
    with county.register.reading(MAKER) as work:
        for each in (earlier, later):
            assert work.session.get_one(DataKey, each).wrapped is None


def test_a_referral_has_a_key_and_a_period_of_its_own(old: Old, clock: FixedClock) -> None:
    now, clock.at = clock.at, clock.at.replace(year=2026)
    referral = old.register.do(
        old.coordinator,
        case_reviews.refer_from_panel,
        old.id,
        old.county["herefordshire-adults"],
        "An invented concern",
    )
    clock.at = now
    with pytest.raises(Refused) as caught:
        old.proposed()
    assert str(caught.value) == rules.REFERRAL_OPEN
    clock.at = clock.at.replace(year=2027)
    member, chair = old.county.actors["jcr-member"], old.county.actors["adults-chair"]
    given = NewRecommendation(NO_REVIEW, rationale="The criteria were weighed.")
    old.register.do(member, case_reviews.recommend, referral, given)
    old.register.do(chair, case_reviews.decide, referral, NewDecision(NO_REVIEW))
    clock.at = now
    old.erased()
    with old.register.work(MAKER) as work:
        assert work.open(work.session.get_one(Referral, referral), SUBJECT).name
    erase_referral(old, referral)
    with pytest.raises(Erased), old.register.work(MAKER) as work:
        work.open(work.session.get_one(Referral, referral), SUBJECT)


def erase_referral(old: Old, referral: UUID) -> None:
    administrator = old.county.actors["jcr-administrator"]
    group = old.county["herefordshire-jcr"]
    decided = NewPeriod("case-review", group, 10, date(2056, 1, 1), "Invented minute 7")
    old.register.do(old.guardian, periods.set_period, decided)
    erasure = old.register.do(administrator, erasing.propose, ("referrals", referral))
    old.register.do(old.guardian, erasing.approve, erasure)
    erasing.carry_out(old.register, administrator, erasure)


def test_a_panels_period_counts_for_the_records_of_those_it_took_over(old: Old) -> None:
    successor, predecessor = (
        old.county["worcestershire-cdop"],
        old.county["herefordshire-cdop"],
    )
    with old.register.work(MAKER) as work:
        work.session.add(
            OrganisationLink(
                organisation_id=successor,
                kind="succeeds",
                other_id=predecessor,
                valid_from=date(2050, 1, 1),
            )
        )
        new = NewPeriod("death-case", successor, 99, date(2050, 2, 1), "Invented minute 1")
        periods.set_period(work, new)
    with pytest.raises(Refused, match="runs until 20 November 2125"):
        old.proposed()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "biscuits"}, "kind"),
        ({"years": 0}, "years"),
        ({"years": 151}, "years"),
        ({"decided_on": date(2057, 1, 1)}, "decided_on"),
        ({"source": " "}, "source"),
        ({"organisation_id": None}, "organisation_id"),
    ],
)
def test_a_period_is_a_dated_decision_with_a_source(
    old: Old, change: dict[str, object], field: str
) -> None:
    whole: dict[str, Any] = {
        "kind": "death-case",
        "organisation_id": old.county["herefordshire-cdop"],
        "years": 30,
        "decided_on": date(2056, 1, 1),
        "source": "Invented minute 8",
    }
    with pytest.raises(Invalid) as caught:
        old.register.do(old.guardian, periods.set_period, NewPeriod(**{**whole, **change}))
    assert list(caught.value.fields) == [field]


def test_only_a_guardian_sets_a_panels_period_and_only_for_their_own(old: Old) -> None:
    for who, slug in (
        ("coordinator", "herefordshire-cdop"),
        ("caldicott-guardian", "worcestershire-cdop"),
    ):
        new = NewPeriod("death-case", old.county[slug], 1, date(2056, 1, 1), "A minute")
        with pytest.raises(Denied):
            old.register.do(old.county.actors[who], periods.set_period, new)
    own = NewPeriod("audit-log", None, 1, date(2056, 1, 1), "A minute")
    with pytest.raises(Denied):
        old.register.do(old.guardian, periods.set_period, own)
    old.register.do(old.county.actors["administrator"], periods.set_period, own)


def test_old_sign_ins_are_removed_by_the_registers_period(
    county: Herefordshire, clock: FixedClock
) -> None:
    administrator = county.actors["administrator"]
    for _ in range(2):
        session_of(county.register, administrator.account_id)
        clock.at = clock.at.replace(year=clock.at.year + 2)
    with pytest.raises(Refused) as caught:
        county.register.do(administrator, remove_old)
    assert str(caught.value) == rules.NO_PERIOD
    kept = NewPeriod("sign-in", None, 3, clock.at.date(), "Invented policy 1")
    county.register.do(administrator, periods.set_period, kept)
    with pytest.raises(Denied):
        county.register.do(county.actors["coordinator"], remove_old)
    assert county.register.do(administrator, remove_old) == {"sign-in": 1}
    assert county.register.do(administrator, remove_old) == {"sign-in": 0}
    assert [line.detail["removed"] for line in audited(county.register, REMOVED)] == [1, 0]


def test_a_search_passes_over_what_was_erased(old: Old) -> None:
    old.erased()
    for typed in ("Testchild1", "CD-2026-0001", "1/3/2026"):
        answer = search.find(old.register, old.coordinator, typed)
        assert answer.found == ()
