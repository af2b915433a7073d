"""References that people read and say aloud, such as CD-2026-0042: one series a year and owner."""

from uuid import UUID

from sqlmodel import select

from cdop.deaths.models import ReferenceCounter
from cdop.security.work import Work


def next_reference(work: Work, series: str, organisation_id: UUID) -> str:
    """Give out an organisation's next reference of a series (`CD`, `JCR`) in the present year."""
    name = f"{series}-{work.today.year}"
    query = select(ReferenceCounter).where(
        ReferenceCounter.organisation_id == organisation_id,
        ReferenceCounter.series == name,
    )
    counter = work.session.exec(query.with_for_update()).one_or_none()
    if counter is None:
        counter = ReferenceCounter(organisation_id=organisation_id, series=name, last=0)
        work.session.add(counter)
    counter.last += 1
    work.session.flush()
    return f"{name}-{counter.last:04d}"
