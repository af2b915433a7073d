"""How a panel's answers stand in rows: coded answers in clear, words sealed."""

from sqlmodel import col, delete, select

from cdop.overview.answers import RETURN_FACTS, Analysis, Draft, FactorNotes, Line
from cdop.overview.models import ANALYSIS, FACTOR_NOTES, Factor, Review
from cdop.security.work import Work


def read(work: Work, review: Review) -> Draft:
    """Return a review's answers to show them: asks permission and writes audit lines."""
    analysis = work.open(review, ANALYSIS)
    notes = work.open(review, FACTOR_NOTES)
    return _draft(work, review, analysis, notes)


def read_within(work: Work, review: Review) -> Draft:
    """Return a review's answers for a rule that shows them to nobody."""
    analysis = work.open_within(review, ANALYSIS)
    return _draft(work, review, analysis, work.open_within(review, FACTOR_NOTES))


def write(work: Work, review: Review, draft: Draft) -> None:
    """Put a draft in a review's rows, in place of what stood there."""
    review.category = draft.category
    review.secondary_categories = " ".join(draft.secondary)
    review.modifiable = draft.modifiable
    for name in RETURN_FACTS:
        setattr(review, name, getattr(draft, name))
    noted = {n: line.note for n, line in enumerate(draft.lines) if line.note}
    work.seal(review, {ANALYSIS: draft.analysis, FACTOR_NOTES: FactorNotes(notes=noted)})
    work.session.add(review)
    work.session.flush()
    work.session.exec(delete(Factor).where(col(Factor.review_id) == review.id))
    work.session.add_all(
        Factor(
            review_id=review.id,
            position=number,
            domain=line.domain,
            factor=line.factor,
            relevance=line.relevance,
            modifiable=line.modifiable,
        )
        for number, line in enumerate(draft.lines)
    )


def changed(before: Draft, after: Draft) -> list[str]:
    """Return the names of the answers that differ, for the audit log; never the answers."""
    return [name for name in vars(after) if getattr(before, name) != getattr(after, name)]


def _draft(work: Work, review: Review, analysis: Analysis, notes: FactorNotes) -> Draft:
    query = select(Factor).where(Factor.review_id == review.id).order_by(col(Factor.position))
    return Draft(
        category=review.category,
        secondary=tuple(review.secondary_categories.split()),
        modifiable=review.modifiable,
        **{name: getattr(review, name) for name in RETURN_FACTS},
        lines=tuple(
            Line(f.domain, f.factor, f.relevance, f.modifiable, notes.notes.get(f.position, ""))
            for f in work.session.exec(query)
        ),
        analysis=analysis,
    )
