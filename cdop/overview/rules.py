"""Rules of the analysis form: which answers exist, which contradict one another, what is missing.

Pure functions of values; the form's edition is data. Source: Form C, Analysis form.
"""

from dataclasses import dataclass
from datetime import date

from cdop.overview.answers import NONE, OTHER, RETURN_FACTS, Draft, Line
from cdop.reference import Form, codelist

YES = "yes"
CONTRIBUTED = frozenset({"2", "3"})
"""Grades of every edition's scale that say a factor may have contributed, or explains the death."""


@dataclass(frozen=True)
class Finding:
    """A sentence about an answer. `blocks`: the review cannot be signed off as it stands.

    `field` is the answer it stands beside: category, secondary, modifiable or lines.
    """

    field: str
    sentence: str
    blocks: bool


def faults(draft: Draft, form: Form) -> dict[str, str]:
    """Return what no draft may hold, a sentence for each field: answers that the form lacks."""
    found = {}
    if draft.category is not None and draft.category not in form.list("category"):
        found["category"] = "Select a category of death from the list"
    if sentence := _secondary_fault(draft, form):
        found["secondary"] = sentence
    if draft.modifiable is not None and draft.modifiable not in form.list("modifiable"):
        found["modifiable"] = f"Choose an answer of this form ({form.title})"
    found |= _return_faults(draft, form)
    seen = set()
    for number, line in enumerate(draft.lines):
        if sentence := _line_fault(line, form):
            found[f"lines-{number}-factor"] = sentence
        elif line.factor != OTHER and (line.domain, line.factor) in seen:
            found[f"lines-{number}-factor"] = "This factor is on another line already"
        seen.add((line.domain, line.factor))
    return found


def _return_faults(draft: Draft, form: Form) -> dict[str, str]:
    """The answers to these have one edition, which stands since before the first form."""
    answers = {name: (getattr(draft, name), list_id) for name, list_id in RETURN_FACTS.items()}
    return {
        name: "Select an answer from the list"
        for name, (answer, list_id) in answers.items()
        if answer is not None and answer not in codelist(list_id, form.valid_from)
    }


def _secondary_fault(draft: Draft, form: Form) -> str | None:
    if draft.secondary and not form.secondary_categories:
        return f"{form.title} of this period has one category of death only"
    if any(code not in form.list("category") for code in draft.secondary):
        return "Select secondary categories from the list"
    if draft.category in draft.secondary or len(set(draft.secondary)) < len(draft.secondary):
        return "A secondary category must differ from the others"
    return None


def _line_fault(line: Line, form: Form) -> str | None:
    factors = form.list("factors")
    known = line.factor in (OTHER, NONE) or (
        line.factor in factors and factors.group(line.factor) == line.domain
    )
    if line.domain not in form.list("domains") or not known:
        return "Select a factor from the list"
    if line.relevance and line.relevance not in form.list("relevance"):
        return "Select a grade of this form's scale"
    if line.modifiable not in ("", YES, "no") or (line.modifiable and not has_marks(form)):
        return f"{form.title} of this period does not ask whether each factor is modifiable"
    return None


def has_marks(form: Form) -> bool:
    """Say whether the form asks of each line whether the factor is modifiable."""
    return form.factor_has_modifiable


def findings(draft: Draft, form: Form) -> tuple[Finding, ...]:
    """Return what is missing, contradictory or worth a second look, in the order of the form."""
    if wrong := faults(draft, form):  # the case has moved to a meeting under another edition
        return tuple(Finding(name.split("-")[0], text, blocks=True) for name, text in wrong.items())
    return (
        *_about_category(draft, form),
        *(Finding("lines", each, blocks=True) for each in _unfinished_lines(draft)),
        *_about_domains(draft, form),
        *_about_modifiable(draft, form),
    )


def is_complete(draft: Draft, form: Form) -> bool:
    """Say whether the chair could sign the draft off: nothing is missing or contradictory."""
    return not faults(draft, form) and not any(f.blocks for f in findings(draft, form))


def _about_category(draft: Draft, form: Form) -> list[Finding]:
    """The hierarchy rule: of several that apply, the highest in the list counts; it only warns."""
    if draft.category is None:
        return [Finding("category", "Select the category of death", blocks=True)]
    order = form.list("category").codes()
    place = order.index(draft.category)
    higher = [code for code in draft.secondary if order.index(code) < place]
    return [
        Finding(
            "secondary",
            f"Category {code} stands higher in the list than category {draft.category}. Where more "
            "than one could apply, the highest is the one to record as the category of death.",
            blocks=False,
        )
        for code in sorted(higher, key=order.index)
    ]


def _unfinished_lines(draft: Draft) -> list[str]:
    found = []
    for number, line in enumerate(draft.lines, start=1):
        if not line.relevance:
            found.append(f"Factor {number}: select how relevant it is")
        elif line.factor == NONE and line.relevance in CONTRIBUTED:
            found.append(f"Factor {number}: a domain without a factor cannot have contributed")
        if line.factor == OTHER and not line.note.strip():
            found.append(f"Factor {number}: describe the factor")
        if line.factor == NONE and line.modifiable == YES:
            found.append(f"Factor {number}: a domain without a factor cannot be modifiable")
    return found


def _about_domains(draft: Draft, form: Form) -> list[Finding]:
    """An explicit "none" or "not available" is preferred to a blank: it shows that it was asked."""
    silent = [label for code, label in form.list("domains").choices() if not _has(draft, code)]
    if not silent:
        return []
    sentence = f"Nothing is recorded for {'; '.join(silent)}. If there is nothing, say so."
    return [Finding("lines", sentence, blocks=False)]


def _has(draft: Draft, domain: str) -> bool:
    return any(line.domain == domain for line in draft.lines)


def _about_modifiable(draft: Draft, form: Form) -> list[Finding]:
    """The answer for the case and the marks on its lines must agree (inferred)."""
    if draft.modifiable is None:
        title = form.list("modifiable").title.lower()
        return [Finding("modifiable", f"Select an answer about {title}", blocks=True)]
    sentence, blocks = None, has_marks(form)
    if blocks:
        sentence = _contradiction(draft)
    elif draft.modifiable == YES and not any(x.relevance in CONTRIBUTED for x in draft.lines):
        sentence = "Modifiable factors are identified, but no factor is graded as contributing."
    return [Finding("modifiable", sentence, blocks)] if sentence else []


def _contradiction(draft: Draft) -> str | None:
    marked = any(line.modifiable == YES for line in draft.lines)
    match draft.modifiable, marked:
        case "yes", False:
            return "The answer for the case is yes, but no factor is marked as modifiable."
        case "no", True:
            return "A factor is marked as modifiable, so that the answer for the case must be yes."
        case "inadequate", True:
            return "Where information is inadequate, no factor can be marked as modifiable."
        case _:
            return None


def sign_off_refusal(reviewed_on: date, today: date) -> str | None:
    """Say why a review cannot be signed off yet, or None: the panel must have met."""
    if reviewed_on > today:
        day = f"{reviewed_on.day} {reviewed_on:%B %Y}"
        return f"The panel meets on {day}: the review can be signed off on that day or later."
    return None
