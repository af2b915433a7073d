"""Forms of the release desk."""

from typing import Literal

from cdop.statistics.asked import Asked, with_asked
from cdop.statistics.coarsening import coarsenings
from cdop.statistics.drafting import Draft, parse_known
from cdop.statistics.rules import MOST_NOTE, Recipient
from cdop.statistics.year_tables import year_tables
from cdop.web.forms import Form, ask

MOST_KNOWN = 20_000


class DraftForm(Form):
    """What a release is to be."""

    cdop: str = ask("the panel or group")
    year: str = ask("the year")
    years: int = ask("how many years", 1, ge=1, le=5)
    recipients: str = ask("whom the release is for, one a line", max_length=2000)
    audience: Literal["partner", "public"] = ask("who they are", missing="Choose who they are")
    board: str | None = ask("an organisation of this register", None, max_length=200)
    profile: str = ask("the profile", missing="Choose how it is protected")
    ways: list[str] = ask("coarser answers", [])
    known: str = ask("counts published by others", "", max_length=MOST_KNOWN)
    note: str = ask("the note", "", max_length=MOST_NOTE)
    population: str = ask("whom to count", "", max_length=40)
    by: str = ask("the column", "", max_length=40)
    across: str = ask("the second column", "", max_length=40)

    def wanted(self, counts: str) -> Draft:
        """Return the draft of what is counted. Raises Invalid for a known count of no table."""
        names = [line.strip() for line in self.recipients.splitlines() if line.strip()]
        found = [Recipient(name, self.audience) for name in names]
        if self.board:
            found[0] = Recipient(found[0].name, self.audience, self.board)
        asked = asked_for(self.population, self.by, self.across)
        known = parse_known(self.known, with_asked(year_tables(self.year, counts=counts), asked))
        ways = tuple(way for way in self.ways if way in coarsenings())
        return Draft(
            self.year, self.profile, tuple(found), self.years, ways, known, self.note, asked
        )


def asked_for(population: str, by: str, across: str) -> tuple[Asked, ...]:
    """Return the table that a draft is made for, if it is not for those of the year."""
    columns = tuple(name for name in (by, across) if name)
    return (Asked(population, columns),) if population or columns else ()


class ChooseForm(Form):
    """One of the ways that a preview or the advisor showed."""

    profile: str = ask("the profile")
    years: int = ask("how many years", 1, ge=1, le=5)
    ways: str = ask("coarser answers", "", max_length=200)


class WorkForm(Form):
    """Long work to begin or to stop."""

    kind: Literal["release:build", "release:preview", "release:advise"] = ask("the work")
    stop: Literal["yes"] | None = ask("whether to stop", None)


class ReasonForm(Form):
    """Why a release is declined or withdrawn."""

    reason: str = ask("the reason", max_length=MOST_NOTE)


class ApproveForm(Form):
    """The approver's word on what was typed."""

    settled: Literal["yes"] | None = ask("that the note gives nothing away", None)
