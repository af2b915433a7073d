"""The description of a package for programs: Data Package v2, with a Table Schema of each file."""

from collections.abc import Sequence
from typing import Any

from cdop.statistics.contents import Package, symbols
from cdop.statistics.definitions import TableDefinition
from cdop.statistics.year_tables import YearTables

_MARKED = r"\[[prb]\]( \[[prb]\])*"
_INTEGER = {"type": "integer", "constraints": {"minimum": 0}}
_PARTS = ({"name": "numerator", **_INTEGER}, {"name": "denominator", **_INTEGER})
_COUNTED = (
    {"name": "per", **_INTEGER},
    {"name": "count", **_INTEGER},
    {"name": "denominator", **_INTEGER},
    {"name": "denominator_edition", "type": "string"},
)

_ATTENDED: tuple[dict[str, Any], ...] = (
    {"name": "year", "type": "string"},
    {"name": "years_pooled", **_INTEGER},
    *({"name": n, "type": "string"} for n in ("agency", "agency_label", "state", "state_label")),
    {"name": "meetings", **_INTEGER},
)


def describe(package: Package) -> dict[str, Any]:
    """Return the description of the package (Data Package v2, Table Schema)."""
    tables, definitions = package.tables, package.tables.definitions
    resources = [
        _resource(f"tables/{t.code}.csv", t.title, _fields(tables, t), _references(t))
        for t in tables.tables
    ]
    if definitions.measured:
        resources += [
            _resource(
                "tables/percentages.csv", "Percentages", _measured(tables, "percent", _PARTS)
            ),
            _resource("tables/rates.csv", "Rates", _measured(tables, "rate", _COUNTED)),
        ]
    if package.attendance:
        resources.append(_resource("tables/attendance.csv", "Attendance", _ATTENDED))
    plain = [_text("code"), _text("label")]
    resources += [
        _resource(f"codelists/{name}.csv", tables.title(name), plain)
        for name in (column.name for column in tables.columns)
    ]
    populations = [*plain, _text("description")]
    resources.append(_resource("codelists/population.csv", "Population", populations))
    resources.append(_resource("codelists/symbols.csv", "Symbols", plain))
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"{package.slug}-{tables.year}",
        "title": package.title,
        "version": definitions.edition,
        "sources": [{"title": definitions.source}],
        "resources": resources,
    }


def _fields(tables: YearTables, table: TableDefinition) -> list[dict[str, Any]]:
    heads: list[dict[str, Any]] = []
    for name in table.by:
        heads += [{"title": tables.title(name), **_text(name)}, _text(f"{name}_label")]
    return [
        _text("year"),
        {"name": "years_pooled", **_INTEGER},
        _text("population"),
        *heads,
        {"name": "count", **_INTEGER},
        _symbol(tables, "count_symbol"),
        {"name": "marks", "type": "string", "constraints": {"pattern": _MARKED}},
        {"name": "lower_bound", **_INTEGER},
        {"name": "upper_bound", **_INTEGER},
    ]


def _measured(
    tables: YearTables, value: str, counted: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the fields of a file of percentages or rates."""
    return [
        *(_text(name) for name in ("year", "measure", "title", "of")),
        *counted,
        *({"name": name, "type": "number"} for name in (value, f"{value}_lci", f"{value}_uci")),
        _symbol(tables, f"{value}_symbol"),
    ]


def _symbol(tables: YearTables, name: str) -> dict[str, Any]:
    return {"name": name, "type": "string", "constraints": {"enum": list(symbols(tables))}}


def _references(table: TableDefinition) -> list[dict[str, Any]]:
    return [
        {
            "fields": [name],
            "reference": {"resource": _name(f"codelists/{name}"), "fields": ["code"]},
        }
        for name in ("population", *table.by)
    ]


def _resource(
    path: str,
    title: str,
    fields: Sequence[dict[str, Any]],
    references: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    schema: dict[str, Any] = {"fields": list(fields), "missingValues": [""]}
    if references:
        schema["foreignKeys"] = list(references)
    elif path.startswith("codelists/"):
        schema["primaryKey"] = ["code"]
    return {
        "name": _name(path.removesuffix(".csv")),
        "path": path,
        "title": title,
        "type": "table",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def _name(path: str) -> str:
    return path.removeprefix("tables/").replace("/", "-").replace("_", "-")


def _text(name: str) -> dict[str, Any]:
    return {"name": name, "type": "string"}
