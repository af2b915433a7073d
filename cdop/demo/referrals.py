"""Referrals to Herefordshire's joint case review group, with the published outcomes.

2013-14: seven for children, three for adults, one domestic homicide, outcomes as in the table
"Outcome of Referral to JCR"; seven in the year before, one review of which was completed in
2013-14 [HSCB 2013/14]. 2019-20: five rapid reviews, the national panel agreeing each time, and one
serious case review published [HSCP 2019/20]. Days, people and what is not named here are invented.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from cdop.case_reviews.commands import NewDecision, NewRecommendation, NewReferral
from cdop.case_reviews.models import Concern, Subject
from cdop.case_reviews.service import (
    complete_review,
    decide,
    publish,
    recommend,
    record_national_panel_response,
    refer,
    start_review,
)
from cdop.demo.stage import Stage
from cdop.organisations.models import BoardKind
from cdop.reference import deciders

CHILDREN, ADULTS, SAFETY = "", "-adults", "-community-safety"
NOT_MET = "criteria-not-met"
_KINDS = {
    CHILDREN: BoardKind.CHILDREN,
    ADULTS: BoardKind.ADULTS,
    SAFETY: BoardKind.COMMUNITY_SAFETY,
}
_TREES = ("Ash", "Beech", "Chestnut", "Dogwood", "Elm", "Fig", "Gum", "Holly", "Larch", "Maple")


@dataclass(frozen=True)
class Course:
    """A referral's course: for which board, when, what was decided, when its review ended.

    Without `completed` the review is under way still.
    """

    board: str
    received: str
    kind: str
    method: str | None = None
    completed: str = ""
    outcome: str | None = None
    published: str = ""


YEAR_BEFORE = (
    Course(CHILDREN, "2012-05-14", NOT_MET),
    Course(CHILDREN, "2012-07-03", "single-agency", None, "2012-12-10"),
    Course(CHILDREN, "2012-10-22", "independent-multi-agency", "silp", "2013-09-16"),
    Course(CHILDREN, "2013-01-15", NOT_MET),
    Course(ADULTS, "2012-06-11", NOT_MET),
    Course(ADULTS, "2012-09-05", "single-agency", None, "2013-02-20"),
    Course(SAFETY, "2012-11-19", NOT_MET),
)
YEAR = (
    Course(CHILDREN, "2013-04-22", "scr", "silp", "2014-05-12"),
    Course(CHILDREN, "2013-05-20", "independent-multi-agency", "silp", "2014-06-16"),
    Course(CHILDREN, "2013-06-24", NOT_MET),
    Course(CHILDREN, "2013-08-05", "single-agency", None, "2014-01-20"),
    Course(CHILDREN, "2013-09-30", "independent-multi-agency", "silp", "2014-10-13"),
    Course(CHILDREN, "2013-11-11", NOT_MET),
    Course(CHILDREN, "2014-01-06", NOT_MET),
    Course(ADULTS, "2013-05-08", "independent-multi-agency", "help", "2014-05-19"),
    Course(ADULTS, "2013-07-15", NOT_MET),
    Course(ADULTS, "2013-10-14", "independent-multi-agency", "help", "2014-09-22"),
    Course(SAFETY, "2013-12-02", NOT_MET),
)
NEW_ARRANGEMENTS = (
    Course(CHILDREN, "2018-06-04", "scr", "silp", "2019-05-20", published="2019-10-14"),
    Course(CHILDREN, "2019-04-15", "rapid-review", None, "2019-06-10", "learning-captured"),
    Course(CHILDREN, "2019-07-01", "rapid-review", None, "2019-08-26", "criteria-not-met"),
    Course(CHILDREN, "2019-10-07", "rapid-review", None, "2019-12-02", "learning-captured"),
    Course(CHILDREN, "2019-11-25", "rapid-review", None, "2020-01-20", "learning-review"),
    Course(CHILDREN, "2020-01-13", "rapid-review", None, "2020-03-09", "learning-captured"),
)


def play_referrals(stage: Stage) -> None:
    """Take every referral of the published years through, in the order received."""
    courses = sorted((*YEAR_BEFORE, *YEAR, *NEW_ARRANGEMENTS), key=lambda each: each.received)
    for number, course in enumerate(courses):
        play(stage, course, number)


def play(stage: Stage, course: Course, number: int) -> None:
    """Take one referral from its arrival to the end of its review, or to its start."""
    received = date.fromisoformat(course.received)
    referral_id = receive(stage, course.board, received, number)
    recommended, decided = received + timedelta(days=14), received + timedelta(days=21)
    advise(stage, referral_id, course.kind, course.method, recommended)
    settle(stage, referral_id, course, decided)
    if course.kind == NOT_MET:
        return
    started = decided + timedelta(days=7)
    review = start_review(stage.at("jcr-administrator", started), referral_id, started)
    if course.completed:
        _finish(stage, review, course)


def receive(stage: Stage, board: str, day: date, number: int) -> UUID:
    """Record a referral for one of Herefordshire's boards. Returns its id."""
    person = "Testchild" if board == CHILDREN else "Testadult"
    new = NewReferral(
        board_id=stage.ids[f"herefordshire{board}"],
        source={CHILDREN: "social-care", ADULTS: "adult-social-care"}.get(board, "police"),
        subject=Subject(name=f"Example {person}-{_TREES[number % len(_TREES)]}"),
        concern=Concern(
            narrative="Invented: agencies are said not to have worked together.",
            referrer="Invented Referrer",
            agency="Invented Agency",
        ),
        received_on=day,
    )
    return refer(stage.at("jcr-administrator", day), new)


def advise(stage: Stage, referral_id: UUID, kind: str, method: str | None, day: date) -> None:
    """Record the group's recommendation."""
    reason = "Invented: the group finds the criteria met."
    if kind == NOT_MET:
        reason = "Invented: the group finds the criteria not met."
    new = NewRecommendation(kind, method, rationale=reason, recommended_on=day)
    recommend(stage.at("jcr-administrator", day), referral_id, new)


def settle(stage: Stage, referral_id: UUID, course: Course, day: date) -> None:
    """Let every office that decides on that day give its word."""
    who = deciders(_KINDS[course.board], day, f"herefordshire{course.board}")
    for office in who.offices if who.all_must_agree else who.offices[:1]:
        agree(stage, referral_id, office, course.kind, course.method, day)


def agree(
    stage: Stage, referral_id: UUID, office: str, kind: str, method: str | None, day: date
) -> None:
    """Let one office agree with the group; each office's account bears its name."""
    new = NewDecision(kind, method, rationale="Invented: agreed.", decided_on=day)
    decide(stage.at(office, day), referral_id, new)


def _finish(stage: Stage, review: UUID, course: Course) -> None:
    completed = date.fromisoformat(course.completed)
    complete_review(stage.at("jcr-administrator", completed), review, completed, course.outcome)
    if course.kind == "rapid-review":
        answered = completed + timedelta(days=14)
        work = stage.at("jcr-administrator", answered)
        record_national_panel_response(work, review, "agrees", answered)
    if course.published:
        day = date.fromisoformat(course.published)
        publish(stage.at("jcr-administrator", day), review, day)
