"""The analysis form on screen: what it offers in its edition, and two versions side by side."""

from dataclasses import dataclass, replace
from uuid import UUID

from cdop.overview import queries, rules
from cdop.overview.answers import NONE, OTHER, RETURN_FACTS, Draft
from cdop.overview.queries import KeptReview
from cdop.overview.rules import Finding
from cdop.reference import Form, codelist, form_edition
from cdop.security.work import Work
from cdop.web.forms import Bound, blank
from cdop.web.overview.forms import ClassifyForm, kept_values
from cdop.web.overview.pages import (
    WORDS,
    Answers,
    Rows,
    answers,
    category_label,
    factor_label,
    facts,
)

FEWEST = 3
"""How many factor lines a form shows at least; the last of them is always empty."""


@dataclass(frozen=True)
class FactorGroup:
    """The factors of one domain, as (value, label)."""

    label: str
    factors: Rows


@dataclass(frozen=True)
class Conflict:
    """What somebody else saved in between: where it differs, as (question, theirs, ours)."""

    saved_by: str
    differences: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class ClassifyPage:
    """The analysis form. `numbers` are the factor lines shown; `focus` the one just added."""

    id: UUID
    reference: str
    title: str
    source: str
    facts: Rows
    summary: str
    form: Bound[ClassifyForm]
    numbers: tuple[int, ...]
    categories: Rows
    guide: tuple[tuple[str, str, str], ...]
    has_secondary: bool
    groups: tuple[FactorGroup, ...]
    domain_help: Rows
    relevance: Rows
    marks: bool
    modifiable: Rows
    modifiable_title: str
    modifiable_hints: dict[str, str]
    return_facts: tuple[tuple[str, str, Rows], ...]
    words: dict[str, str]
    findings: tuple[Finding, ...] = ()
    saved: bool = False
    focus: int | None = None
    conflict: Conflict | None = None


def first_view(work: Work, death_id: UUID, *, saved: bool) -> ClassifyPage:
    """Return the form filled with what is kept. Raises NotFound."""
    kept = queries.review_of(work, death_id)
    draft, version = (kept.draft, kept.version) if kept else (Draft(), 0)
    page = view(work, death_id, blank(ClassifyForm, kept_values(draft, version)))
    edition = queries.form_for(work, death_id)
    found = rules.findings(draft, edition) if kept else ()
    numbers = tuple(range(max(FEWEST, len(draft.lines) + 1)))
    return replace(page, findings=found, numbers=numbers, saved=saved and kept is not None)


def one_more_line(page: ClassifyPage) -> ClassifyPage:
    """Return the form as typed with another line, which takes the focus."""
    number = max(page.numbers, default=-1) + 1
    as_typed = replace(page.form, errors={}, model=None)
    return replace(page, form=as_typed, numbers=(*page.numbers, number), focus=number)


def beside_theirs(page: ClassifyPage, work: Work, typed: Draft) -> ClassifyPage:
    """Return the form as typed, ready to be saved over what somebody else saved; both shown."""
    kept = queries.review_of(work, page.id)
    if kept is None:
        return page
    form = replace(
        page.form, model=None, values={**page.form.values, "version": (str(kept.version),)}
    )
    edition = queries.form_for(work, page.id)
    return replace(page, form=form, conflict=conflict(kept, typed, edition))


def conflict(kept: KeptReview, typed: Draft, form: Form) -> Conflict:
    """Return which answers of two versions differ, in words."""
    theirs = dict(_all(answers(kept.draft, form_edition("analysis", kept.form_edition))))
    ours = dict(_all(answers(typed, form)))
    pairs = [(q, theirs.get(q, ""), ours.get(q, "")) for q in {**ours, **theirs}]
    return Conflict(kept.drafted_by, tuple(pair for pair in pairs if pair[1] != pair[2]))


def _all(shown: Answers) -> Rows:
    factors = "; ".join(", ".join(part for part in line if part) for line in shown.factors)
    return (*shown.closed, ("Factors", factors), *shown.words)


def view(work: Work, death_id: UUID, form: Bound[ClassifyForm]) -> ClassifyPage:
    """Return the form as typed, with everything that its edition offers."""
    case = queries.panel_view(work, death_id)
    edition = queries.form_for(work, death_id)
    category, modifiable = edition.list("category"), edition.list("modifiable")
    domains = edition.list("domains")
    return ClassifyPage(
        id=case.death_id,
        reference=case.reference,
        title=edition.title,
        source=edition.source,
        facts=facts(case),
        summary=case.summary,
        form=form,
        numbers=tuple(form.lines("lines") or range(FEWEST)),
        categories=tuple((code, category_label(code, edition)) for code in category.codes()),
        guide=tuple((f"{i.code}. {i.label}", i.includes, i.excludes) for i in category.items),
        has_secondary=edition.secondary_categories,
        groups=tuple(_group(code, label, edition) for code, label in domains.choices()),
        domain_help=tuple((item.label, item.help) for item in domains.items if item.help),
        relevance=tuple((c, f"{c}: {label}") for c, label in edition.list("relevance").choices()),
        marks=edition.factor_has_modifiable,
        modifiable=modifiable.choices(),
        modifiable_title=modifiable.title,
        modifiable_hints={item.code: item.help for item in modifiable.items if item.help},
        return_facts=tuple(
            (name, found.title, found.choices())
            for name, found in (
                (name, codelist(id, edition.valid_from)) for name, id in RETURN_FACTS.items()
            )
        ),
        words=WORDS,
    )


def _group(domain: str, label: str, form: Form) -> FactorGroup:
    """Return a domain's factors. A closed list shows no heading, so two answers name the domain."""
    own = [(i.code, i.label) for i in form.list("factors").items if i.group == domain]
    short = label.partition(":")[0]
    also = [(code, f"{short}: {factor_label(code, form)}") for code in (OTHER, NONE)]
    return FactorGroup(label, tuple((f"{domain}/{code}", text) for code, text in (*own, *also)))
