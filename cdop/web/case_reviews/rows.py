"""What a referral's page reads out: its facts and, opened, its subject and the reasons given."""

from dataclasses import dataclass
from uuid import UUID

from cdop.case_reviews import queries
from cdop.case_reviews.models import (
    CONCERN,
    DECIDED_BECAUSE,
    RECOMMENDED_BECAUSE,
    SUBJECT,
    Decision,
    Recommendation,
    Referral,
)
from cdop.organisations import queries as organisations
from cdop.organisations.models import Organisation
from cdop.reference import codelist_edition
from cdop.security.work import Work
from cdop.web.case_reviews import words
from cdop.web.templating import day

Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Words:
    """What somebody gave as reasons, under a heading."""

    heading: str
    text: str
    dissent: str = ""


def facts(work: Work, referral: Referral, board: Organisation) -> Rows:
    """Return what is plainly known of a referral, in the names of its day."""
    names = organisations.names_on(
        work.session, (board.id, referral.organisation_id), referral.received_on
    )
    source = words.label("referral-sources", referral.source, referral.received_on)
    return [
        ("For", names[board.id]),
        ("Before", names[referral.organisation_id]),
        ("Received", day(referral.received_on)),
        ("From", source),
        ("A child’s death in this register", "Yes" if referral.death_id else "No"),
    ]


def subject(work: Work, referral: Referral, at: UUID) -> Rows:
    """Open whom it is about, and who referred it; the caller opens the concern itself."""
    subject = work.open(referral, SUBJECT, at=at)
    concern = work.open_within(referral, CONCERN)
    return [
        ("Name", subject.name or words.label("missing-answers", subject.name_answer, work.today)),
        ("Date of birth", day(subject.born_on) if subject.born_on else ""),
        ("Date of death", day(subject.died_on) if subject.died_on else ""),
        ("Date of the incident", day(subject.incident_on) if subject.incident_on else ""),
        ("Address", subject.address),
        ("Referrer", ", ".join(part for part in (concern.referrer, concern.agency) if part)),
        ("Referrer’s contact", concern.contact),
    ]


def recommendation_rows(last: Recommendation | None) -> Rows:
    """Return the recommendation that counts, if there is one."""
    if last is None:
        return []
    return [
        ("Review", words.review(last.review_kind, last.methodology, last.recommended_on)),
        ("On", day(last.recommended_on)),
        ("Recorded by", last.recorded_by),
    ]


def decision_rows(work: Work, decision: Decision | None) -> Rows:
    """Return the decision proposed or standing, and who gave it."""
    if decision is None:
        return []
    what = words.review(decision.review_kind, decision.methodology, decision.proposed_on)
    given = [
        f"{office(each.office)}, {day(each.given_on)}, {each.given_by}"
        for each in queries.assents(work, decision)
    ]
    stands = decision.decided_on
    return [
        ("Review", what),
        ("Decided" if stands else "Proposed", day(stands or decision.proposed_on)),
        ("By" if len(given) == 1 else "Agreed by", "; ".join(given)),
    ]


def reasons(
    work: Work, last: Recommendation | None, decision: Decision | None, at: UUID
) -> list[Words]:
    """Open the reasons that were given, those of the recommendation first."""
    found = []
    if last:
        said = work.open(last, RECOMMENDED_BECAUSE, at=at)
        found.append(Words("Reasons for the recommendation", said.text, said.dissent))
    for assent in queries.assents(work, decision) if decision else ():
        said = work.open(assent, DECIDED_BECAUSE, at=at)
        found.append(Words(f"Reasons of the {office(assent.office)}", said.text, said.dissent))
    return [each for each in found if each.text or each.dissent]


def office(code: str) -> str:
    """Return an office in words."""
    return codelist_edition("offices", "1").label(code)
