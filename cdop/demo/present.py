"""Herefordshire on the present day: something on every work list. All of it is invented."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from cdop.case_reviews.service import refer_from_panel
from cdop.deaths.commands import NewNotification
from cdop.deaths.documents import Circumstances, Notifier
from cdop.deaths.service import mark_step, notify
from cdop.deaths.service.assigning import assign
from cdop.demo import cases, referrals
from cdop.demo.cases import Case
from cdop.demo.herefordshire import PANEL
from cdop.demo.referrals import ADULTS, CHILDREN, SAFETY, Course
from cdop.demo.stage import Stage

NEIGHBOUR = "worcestershire-cdop"
THURSDAY = 3


def play_present(stage: Stage) -> None:
    """Play the weeks up to today: open cases, two meetings, referrals on their way."""
    reviewed = _case(stage, 101, 250, 2, "8", "no")
    waiting = _case(stage, 102, 190, 150, "10", "yes")
    tabled = [_case(stage, 103, 140, 5100, "2", "yes"), _case(stage, 104, 120, 11, "7", "no")]
    ready = _case(stage, 105, 60, 2000, "9", "no")
    early = _case(stage, 106, 24, 400, "3", "yes")
    newest = _case(stage, 107, 4, 90, "10", "no")
    ids = {
        case: cases.notify_case(stage, case)
        for case in (reviewed, waiting, *tabled, ready, early, newest)
    }
    assign(stage.at("coordinator", newest.notified_on), ids[newest], "key-worker")
    _tell_again(stage, newest)
    last = last_thursday(stage.today)
    cases.review(stage, [(reviewed, ids[reviewed])], last - timedelta(days=56))
    _await_signature(stage, waiting, ids[waiting], last)
    for case in tabled:
        cases.prepare(stage, case, ids[case], stage.today - timedelta(days=20))
        cases.put_before_panel(stage, case, ids[case], next_thursday(stage.today))
    cases.summarise(stage, ready, ids[ready], stage.today - timedelta(days=30))
    for case in (ready, early):
        _inform(stage, case, ids[case])
    cases.notify_case(stage, replace(_case(stage, 108, 33, 6, "8", "no"), panel=NEIGHBOUR))
    _play_referrals(stage, ids[waiting], last)


def next_thursday(today: date) -> date:
    """Return the Thursday after today."""
    return today + timedelta(days=(THURSDAY - today.weekday() - 1) % 7 + 1)


def last_thursday(today: date) -> date:
    """Return the Thursday before today."""
    return next_thursday(today) - timedelta(days=7 if today.weekday() != THURSDAY else 14)


def _case(stage: Stage, seed: int, days_ago: int, age: int, category: str, modifiable: str) -> Case:
    died_on = stage.today - timedelta(days=days_ago)
    return Case(
        panel=PANEL,
        seed=seed,
        sex="female" if seed % 2 else "male",
        born_on=died_on - timedelta(days=age),
        died_on=died_on,
        notified_on=died_on + timedelta(days=1),
        category=category,
        modifiable=modifiable,
        quintile=str(seed % 5 + 1),
        place="hospital-emergency",
    )


def _tell_again(stage: Stage, case: Case) -> None:
    """Notify a child a second time without an NHS number: a possible duplicate to decide."""
    first = cases.child(stage, case)
    names = first.names.model_copy(update={"given": "Exampel"})
    update = {"nhs_number": "", "nhs_number_answer": "not-known", "address": ""}
    identity = first.identity.model_copy(update=update)
    told = NewNotification(
        cdop_id=stage.ids[PANEL],
        child=type(first)(**{**vars(first), "names": names, "identity": identity}),
        circumstances=Circumstances(narrative="Invented: brought in by ambulance."),
        notifier=Notifier(name="Invented Notifier", role="Paramedic", agency="ambulance"),
    )
    notify(stage.at("notifier", case.notified_on + timedelta(days=1)), told)


def _await_signature(stage: Stage, case: Case, death_id: UUID, day: date) -> None:
    """Let the panel classify a case that its chair has still to sign off."""
    cases.prepare(stage, case, death_id, day - timedelta(days=20))
    cases.put_before_panel(stage, case, death_id, day)
    cases.classify(stage, case, death_id, day)


def _inform(stage: Stage, case: Case, death_id: UUID) -> None:
    day = case.notified_on
    mark_step(stage.at("coordinator", day), death_id, "inform-services", day)


def _play_referrals(stage: Stage, death_id: UUID, met: date) -> None:
    """Leave a referral to recommend on, one to decide for each office of today, and a review."""
    concern = "Invented: the panel asks whether agencies shared what they knew."
    refer_from_panel(stage.at("panel-chair", met), death_id, stage.ids["herefordshire"], concern)
    began = stage.today - timedelta(weeks=20)
    under_way = Course(ADULTS, began.isoformat(), "sar", "silp")
    referrals.play(stage, under_way, 19)
    for number, (board, kind, method, weeks) in enumerate(
        (
            (CHILDREN, "rapid-review", None, 3),
            (ADULTS, "sar", "silp", 4),
            (SAFETY, "dhr", None, 5),
        )
    ):
        received = stage.today - timedelta(weeks=weeks)
        referral_id = referrals.receive(stage, board, received, 20 + number)
        advised = received + timedelta(days=12)
        referrals.advise(stage, referral_id, kind, method, advised)
        if board == CHILDREN:
            office = "partner-local-authority"
            referrals.agree(stage, referral_id, office, kind, method, advised + timedelta(days=2))
