"""How a case, its review and the analysis form read on the panel's screen."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from cdop.overview import queries, rules
from cdop.overview.answers import NONE, OTHER, RETURN_FACTS, Draft, Line
from cdop.overview.queries import KeptReview, PanelCase
from cdop.overview.rules import Finding
from cdop.overview.service import DRAFT, SIGN, check_draft, check_sign_off
from cdop.reference import Form, codelist, form_edition
from cdop.security.work import Work
from cdop.web.buttons import Button, why_not
from cdop.web.templating import day, moment

Rows = tuple[tuple[str, str], ...]
WORDS = {
    "cause": "Cause of death as presently understood",
    "issues": "Issues identified",
    "learning": "Learning points",
    "recommendations": "Recommendations",
    "family_follow_up": "Follow-up plan for the family",
}


@dataclass(frozen=True)
class Answers:
    """A review's answers in words. A factor is (what, how relevant, modifiable, remark)."""

    closed: Rows
    factors: tuple[tuple[str, ...], ...]
    words: Rows
    marks: bool


@dataclass(frozen=True)
class ReviewShown:
    """A review as it stands: answers, what is to settle, and who saved or signed it."""

    version: int
    is_signed_off: bool
    provenance: str
    form_title: str
    answers: Answers
    findings: tuple[Finding, ...]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """Return what must be settled before the chair can sign."""
        return tuple(finding for finding in self.findings if finding.blocks)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return what is worth a second look."""
        return tuple(finding for finding in self.findings if not finding.blocks)


@dataclass(frozen=True)
class CasePage:
    """A case on the panel's screen, nothing that identifies in it, and its review so far."""

    id: UUID
    reference: str
    facts: Rows
    summary: str
    meeting_id: UUID
    meets_on: str
    review: ReviewShown | None
    draft: Button | None
    check: Button | None
    sign: Button | None
    refer: Button | None
    refusal: str | None = None


def case_page(work: Work, death_id: UUID, refusal: str | None = None) -> CasePage:
    """Return a case and its review. Raises NotFound for what is not before the actor's panel."""
    case = queries.panel_view(work, death_id)
    kept = queries.review_of(work, death_id)
    sign = _sign_button(work, case)
    return CasePage(
        id=case.death_id,
        reference=case.reference,
        facts=facts(case),
        summary=case.summary,
        meeting_id=case.meeting_id,
        meets_on=day(case.meets_on),
        review=_shown(kept) if kept else None,
        draft=_draft_button(work, case),
        check=sign and replace(sign, text="Check and sign off"),
        sign=sign,
        refer=_refer_button(work, case),
        refusal=refusal,
    )


def _draft_button(work: Work, case: PanelCase) -> Button | None:
    if not work.actor.may(DRAFT, case.organisation_id):
        return None
    row = queries.find(work, case.death_id)
    text = "Change the answers" if row else "Classify"
    return Button(text, f"/overview/{case.death_id}/classify", why_not(check_draft, row))


def _sign_button(work: Work, case: PanelCase) -> Button | None:
    """Return the button that signs off, for a chair. Looks at the answers for what is missing."""
    if not work.actor.may(SIGN, case.organisation_id):
        return None
    row = queries.find(work, case.death_id)
    _, meeting = queries.case(work, case.death_id)
    refusal = why_not(check_sign_off, work, row, meeting)
    return Button("Sign off the review", f"/overview/{case.death_id}/sign-off", refusal)


def _refer_button(work: Work, case: PanelCase) -> Button | None:
    if not work.actor.may("case_reviews:referral:create", case.organisation_id):
        return None
    to = f"/deaths/{case.death_id}/refer"
    return Button("Refer a concern to the joint case review group", to)


def facts(case: PanelCase) -> Rows:
    """Return what the panel knows of the child besides the summary."""
    on = case.meets_on
    return (
        ("Age at death", _label("age-bands", case.age_band, on)),
        ("Sex", _label("sex", case.sex, on)),
        ("Year of death", f"{case.died_year} (April to March)"),
        ("Expected", _label("expected", case.expected, on)),
        ("Place of death", _label("place-of-death", case.place_of_death, on)),
    )


def _shown(kept: KeptReview) -> ReviewShown:
    form = form_edition("analysis", kept.form_edition)
    by = f"Saved by {kept.drafted_by}"
    if kept.signed_off_at:
        by = f"Signed off by {kept.signed_off_by} on {moment(kept.signed_off_at)}"
    return ReviewShown(
        version=kept.version,
        is_signed_off=kept.is_signed_off,
        provenance=by,
        form_title=form.title,
        answers=answers(kept.draft, form),
        findings=() if kept.is_signed_off else rules.findings(kept.draft, form),
    )


def answers(draft: Draft, form: Form) -> Answers:
    """Return a draft's answers in the words of the form's edition."""
    closed = [("Category of death", category_label(draft.category, form))]
    if form.secondary_categories:
        also = "; ".join(category_label(code, form) for code in draft.secondary)
        closed.append(("Other categories that apply", also or "None"))
    modifiable = form.list("modifiable")
    closed.append(
        (modifiable.title, modifiable.label(draft.modifiable) if draft.modifiable else "")
    )
    for name, list_id in RETURN_FACTS.items():
        answers, answer = codelist(list_id, form.valid_from), getattr(draft, name)
        closed.append((answers.title, answers.label(answer) if answer else ""))
    return Answers(
        closed=tuple(closed),
        factors=tuple(_factor(line, form) for line in draft.lines),
        words=tuple((label, getattr(draft.analysis, name)) for name, label in WORDS.items()),
        marks=form.factor_has_modifiable,
    )


def _factor(line: Line, form: Form) -> tuple[str, ...]:
    grade = form.list("relevance").label(line.relevance) if line.relevance else ""
    marks = (line.modifiable.capitalize(),) if form.factor_has_modifiable else ()
    what = f"{form.list('domains').label(line.domain)}: {factor_label(line.factor, form)}"
    return (what, f"{line.relevance}: {grade}" if grade else "Not yet graded", *marks, line.note)


def factor_label(code: str, form: Form) -> str:
    """Return what a factor's code means on a form."""
    if code == NONE:
        return "no factor identified, or no information"
    return "another factor" if code == OTHER else form.list("factors").label(code)


def category_label(code: str | None, form: Form) -> str:
    """Return a category with its number, as people quote it."""
    return f"{code}. {form.list('category').label(code)}" if code else ""


def _label(list_id: str, code: str, on: date) -> str:
    listed = codelist(list_id, on)
    return next((item.label for item in listed.every if item.code == code), code)
