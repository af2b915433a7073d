"""Statutory forms by edition: which edition of which list each part of the form uses."""

from datetime import date
from functools import cache

from cdop.errors import Misconfigured
from cdop.reference.codelists import CodeList, codelist_edition
from cdop.reference.loading import Edition, Unknown, check, named, names, on_day, read


class Form(Edition):
    """One edition of a form. `lists` maps a list's id to the edition that this form uses."""

    lists: dict[str, str]
    factor_has_modifiable: bool = False
    """Whether each factor's line carries a modifiable answer of its own."""
    secondary_categories: bool = False
    """Whether categories of death beside the counted one may be recorded."""

    def list(self, id: str) -> CodeList:
        """Return the list that this form uses under that id. Raises `Unknown`."""
        if id not in self.lists:
            raise Unknown(f"{self.id}, edition {self.edition}, uses no list of that name.")
        return codelist_edition(id, self.lists[id])


@cache
def editions(id: str) -> tuple[Form, ...]:
    """Return all editions of a form, oldest first. Raises `Unknown`, `Misconfigured`."""
    if id not in names("forms"):
        raise Unknown("There is no form of that name.")
    where = f"forms/{id}.toml"
    content = read("forms", f"{id}.toml")
    found = check(Form, ({"id": id} | row for row in content.get("editions", [])), where)
    for each in found:
        for list_id in each.lists:
            try:
                each.list(list_id)
            except Unknown as error:
                raise Misconfigured(f"Reference file {where} ({each.edition}): {error}") from error
    return found


@cache
def form(id: str, on: date) -> Form:
    """Return the edition of a form in force on a day. Raises `Unknown`, `NotInForce`."""
    return on_day(editions(id), on)


def form_edition(id: str, edition: str) -> Form:
    """Return the edition of a form kept with a case. Raises `Unknown`."""
    return named(editions(id), edition)


def edition_on(id: str, day: date) -> str:
    """Return the name of the form's edition in force on a day, to keep with the case."""
    return form(id, day).edition
