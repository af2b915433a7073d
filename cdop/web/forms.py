"""What a form accepts: typed fields become a model, or sentences beside the fields they belong to.

How to write a form (`web/<noun>/forms.py`; names of fields are the names in the page):

    class Notification(Form):
        given_names: str | None = ask("the child's given names", None, max_length=200)
        died_on: date = ask("the date of death")            # inputs died_on-day, -month, -year
        sex: Sex = ask("the child's sex")                   # radios of a StrEnum or Literal
        places: list[str] = ask("at least one place")       # checkboxes; required
        factors: list[FactorLine] = ask("the factors", [])  # factors-0-domain, factors-0-note, …

        @model_validator(mode="after")
        def in_order(self) -> Self:                          # across fields: raise Invalid
            if self.died_on < self.born_on:
                raise Invalid({"died_on": "The date of death must not be before the date of birth"})
            return self

In a route (see `cdop.web.templating` for the page):

    bound = bind(Notification, posted)      # Bound[Notification]
    bound.model                             # the model, or None when there are errors
    bound.refused(invalid)                  # the same typed values with a service's Invalid on them
    blank(Notification)                     # for the first view
    blank(Notification, {"died_on": day})   # filled with what is kept; also takes a model

`ask`'s first argument is what follows "Enter": sentences are made from it ("Enter the date of
death", "The date of death must be a real date"). `missing=` replaces that first sentence. An empty
field is absent: a field without default then asks for it, one with a default takes the default.
A field of the page that the model does not have is refused with 400: nothing is assigned by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from starlette.exceptions import HTTPException

from cdop.errors import Invalid
from cdop.web.fields import DATE_PARTS, flatten, is_date, line_of
from cdop.web.gathering import NO_ANSWERS, Gathering, Posted, PostedForm, line_numbers
from cdop.web.sentences import sentence

__all__ = ["Bound", "Form", "Posted", "PostedForm", "ask", "bind", "blank"]


class Form(BaseModel):
    """The parent of every form and of every repeated line in one. Never a table's parent."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True
    )


def ask(phrase: str, default: Any = PydanticUndefined, *, missing: str = "", **limits: Any) -> Any:
    """Declare a field. `phrase` follows "Enter"; `limits` are pydantic's (max_length, ge, …)."""
    extra: Any = {"missing": missing} if missing else None
    return Field(default=default, title=phrase, json_schema_extra=extra, **limits)


M = TypeVar("M", bound=Form)


@dataclass(frozen=True)
class Bound(Generic[M]):
    """A form as a page shows it: a model when all is well, else errors; always what was typed.

    `errors` maps a field's name in the page to a sentence, in the order of the form.
    """

    kind: type[M]
    model: M | None = field(repr=False)
    errors: Mapping[str, str]
    values: Mapping[str, tuple[str, ...]] = field(repr=False)

    def value(self, name: str) -> str:
        """Return what was typed in a field, or an empty text."""
        return next(iter(self.values.get(name, ())), "")

    def chosen(self, name: str) -> tuple[str, ...]:
        """Return every ticked value of a field."""
        return self.values.get(name, ())

    def error(self, name: str) -> str | None:
        """Return the sentence that stands beside a field, if any."""
        return self.errors.get(name)

    def lines(self, name: str) -> list[int]:
        """Return the numbers of the typed lines of a repeated group, in order."""
        return line_numbers(name, self.values)

    def anchor(self, name: str) -> str | None:
        """Return the id of the input to which the error summary leads, or None without one."""
        info = _declared(self.kind, name)
        if info is None:
            return None
        return f"{name}-{DATE_PARTS[0]}" if is_date(info.annotation) else name

    def refused(self, invalid: Invalid) -> "Bound[M]":
        """Return this form with the sentences of a service's refusal on its fields."""
        return replace(self, model=None, errors={**self.errors, **invalid.fields})


def blank(kind: type[M], kept: Mapping[str, Any] | BaseModel | None = None) -> Bound[M]:
    """Return a form for its first view, empty or filled with what is kept."""
    if isinstance(kept, BaseModel):
        kept = {name: getattr(kept, name) for name in type(kept).model_fields}
    values: dict[str, tuple[str, ...]] = {}
    for name, value in (kept or {}).items():
        values |= flatten(name, value)
    return Bound(kind, None, {}, values)


def bind(kind: type[M], posted: Posted) -> Bound[M]:
    """Read a posted form. Raises HTTPException 400 for a field that the form does not have."""
    values = {name: value for name, value in posted.fields.items() if name not in NO_ANSWERS}
    gathering = Gathering(dict(values))
    data = gathering.take(kind)
    if gathering.left:
        raise HTTPException(400)
    model: M | None = None
    errors: dict[str, str] = {}
    try:
        model = kind.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            name, info = gathering.locate(kind, detail["loc"])
            errors.setdefault(name, sentence(detail, info))
    except Invalid as invalid:
        errors = dict(invalid.fields)
    errors |= gathering.faults
    place = {name: number for number, name in enumerate(gathering.order)}
    ordered = sorted(errors.items(), key=lambda item: place.get(item[0], len(place)))
    return Bound(kind, None if errors else model, dict(ordered), values)


def _declared(kind: type[BaseModel], name: str) -> FieldInfo | None:
    """Return the declaration of a field by its name in the page."""
    head, _, rest = name.partition("-")
    info = kind.model_fields.get(head)
    line = line_of(info.annotation) if info else None
    return _declared(line, rest.partition("-")[2]) if line and rest else info
