"""What the panel's pages accept. Which answers exist is for the form's edition to say."""

from typing import Any, Literal

from pydantic import Field

from cdop.overview.answers import RETURN_FACTS, Analysis, Draft, Line
from cdop.web.forms import Bound, Form, ask

WORDS = ("cause", "issues", "learning", "recommendations", "family_follow_up")
_LONG = 20_000


class FactorForm(Form):
    """One line of factors. `factor` names its domain too, as in `C/unsafe-sleep`."""

    factor: str = ask("a factor", missing="Select a factor, or clear this line", max_length=80)
    relevance: str = ask("how relevant it is", "", max_length=10)
    modifiable: Literal["yes"] | None = ask("whether it is modifiable", None)
    note: str = ask("the remark", "", max_length=2000)

    def line(self, *, marks: bool) -> Line:
        """Return the line as the service takes it; `marks`: the form asks whether modifiable."""
        domain, _, factor = self.factor.partition("/")
        mark = (self.modifiable or "no") if marks else self.modifiable or ""
        return Line(domain, factor, self.relevance, mark, self.note)


class ClassifyForm(Form):
    """The panel's answers. `version` is the one that was shown; `action` is the button pressed."""

    version: int = ask("the version", 0, ge=0)
    action: Literal["save", "add", "check"] = ask("what to do", "save")
    cause: str = ask("the cause of death", "", max_length=_LONG)
    category: str | None = ask("the category of death", None, max_length=10)
    secondary: list[str] = Field(default=[], max_length=20)
    lines: list[FactorForm] = ask("the factors", [])
    modifiable: str | None = ask("whether there are modifiable factors", None, max_length=40)
    event: str = ask("the event that led to the death", "", max_length=40)
    social_care: str = ask("how social care knew the child", "", max_length=40)
    statutory_order: str = ask("whether there was a statutory order", "", max_length=40)
    asylum_seeker: str = ask("whether the child sought asylum", "", max_length=40)
    case_review: str = ask("whether a serious case review was held", "", max_length=40)
    agency_response: str = ask("whether there was a joint agency response", "", max_length=40)
    issues: str = ask("the issues", "", max_length=_LONG)
    learning: str = ask("the learning", "", max_length=_LONG)
    recommendations: str = ask("the recommendations", "", max_length=_LONG)
    family_follow_up: str = ask("the follow-up for the family", "", max_length=_LONG)

    def draft(self, *, marks: bool) -> Draft:
        """Return the answers as the service takes them."""
        return Draft(
            category=self.category,
            secondary=tuple(self.secondary),
            modifiable=self.modifiable,
            **{name: getattr(self, name) or None for name in RETURN_FACTS},
            lines=tuple(line.line(marks=marks) for line in self.lines),
            analysis=Analysis(**{name: getattr(self, name) for name in WORDS}),
        )


class SignOffForm(Form):
    """The chair's signature under the version that was read."""

    version: int = ask("the version", ge=1)


def kept_values(draft: Draft, version: int) -> dict[str, Any]:
    """Return what the form is filled with for a draft that is kept."""
    return {
        "version": version,
        "category": draft.category,
        "secondary": list(draft.secondary),
        "modifiable": draft.modifiable,
        **{name: getattr(draft, name) or "" for name in RETURN_FACTS},
        "lines": [
            FactorForm(
                factor=f"{line.domain}/{line.factor}",
                relevance=line.relevance,
                modifiable="yes" if line.modifiable == "yes" else None,
                note=line.note,
            )
            for line in draft.lines
        ],
        **draft.analysis.model_dump(),
    }


def typed_lines(form: Bound[ClassifyForm]) -> list[int]:
    """Return the numbers, on the page, of the lines in which something was typed."""
    return [
        number
        for number in form.lines("lines")
        if any(form.value(f"lines-{number}-{part}").strip() for part in FactorForm.model_fields)
    ]
