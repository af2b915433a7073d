"""A release as a file: a Data Package of tidy CSV tables, the same bytes whenever it is written.

Nothing here sees a hidden count: hidden ones arrive as None. Rows stand in the order of the code
lists, whatever the counts; times and sizes tell nothing that the tables do not.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from cdop.statistics import archive
from cdop.statistics.counting import measured
from cdop.statistics.definitions import ALL, TableDefinition, YearTables
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.protecting import Protected

HIDDEN = "[c]"
SIGNS = "statistics:package"
_INTEGER = {"type": "integer", "constraints": {"minimum": 0}}
_SYMBOL = {
    "name": "count_symbol",
    "type": "string",
    "description": f"{HIDDEN} confidential: 0 or more, not shown",
    "constraints": {"enum": [HIDDEN]},
}


@dataclass(frozen=True)
class Package:
    """What a package is made of. `certificate` is the keyed digest of the proof."""

    slug: str
    name: str
    tables: YearTables
    protected: Protected
    certificate: str


def package_name(slug: str, year: str, profile_id: str) -> str:
    """Return a package's file name. It holds no count."""
    return f"{slug}-{year}-{profile_id}.zip"


def percent(numerator: int | None, denominator: int | None) -> str:
    """Return a percentage with one decimal; empty where a part of it is hidden or there is none."""
    if numerator is None or not denominator:
        return ""
    return f"{100 * numerator / denominator:.1f}"


def keys(tables: YearTables, table: TableDefinition) -> list[tuple[str, ...]]:
    """Return the keys of a table's cells: the total first, then the order of the code lists."""
    return list(product(*((TOTAL, *tables.codes(name)) for name in table.by)))


def write_package(package: Package, sign: Callable[[bytes], bytes] | None = None) -> bytes:
    """Return the package as a zip file, its manifest signed by `sign`."""
    files = {
        **{f"tables/{t.code}.csv": _table(package, t) for t in package.tables.tables},
        "tables/percentages.csv": _percentages(package),
        **{f"codelists/{name}.csv": _codelist(package, name) for name in _columns(package)},
        "codelists/population.csv": _populations(package),
        "datapackage.json": _json(_descriptor(package)),
        "disclosure.json": _json(_disclosure(package)),
        "README.txt": _readme(package),
    }
    return archive.pack({name: text.encode() for name, text in files.items()}, sign)


def _table(package: Package, table: TableDefinition) -> str:
    rows = []
    for key in keys(package.tables, table):
        count = package.protected.cells[table.code, key]
        words = [
            part
            for name, code in zip(table.by, key, strict=True)
            for part in (code, package.tables.label(name, code))
        ]
        shown = ["", HIDDEN] if count is None else [str(count), ""]
        rows.append([package.tables.year, table.population, *words, *shown])
    heads = [part for name in table.by for part in (name, f"{name}_label")]
    return _csv(["year", "population", *heads, "count", "count_symbol"], rows)


def _percentages(package: Package) -> str:
    rows = []
    for measure in package.tables.measures:
        numerator, denominator = measured(package.protected.cells, measure)
        hidden = None in (numerator, denominator)
        parts = ["", "", "", HIDDEN]
        if not hidden:
            parts = [str(numerator), str(denominator), percent(numerator, denominator), ""]
        rows.append([package.tables.year, measure.code, measure.title, measure.of, *parts])
    head = ["year", "measure", "title", "of", "numerator", "denominator", "percent"]
    return _csv([*head, "percent_symbol"], rows)


def _codelist(package: Package, name: str) -> str:
    return _csv(["code", "label"], [(TOTAL, ALL), *package.tables.answers[name]])


def _columns(package: Package) -> list[str]:
    return [column.name for column in package.tables.columns]


def _populations(package: Package) -> str:
    rows = [(p.code, p.title, p.description) for p in package.tables.definitions.populations]
    return _csv(["code", "label", "description"], rows)


def _descriptor(package: Package) -> dict[str, Any]:
    """Return the description of the package (Data Package v2, Table Schema)."""
    tables, definitions = package.tables, package.tables.definitions
    resources = [
        _resource(f"tables/{t.code}.csv", t.title, _fields(tables, t), _references(t))
        for t in tables.tables
    ]
    percentages = [
        *(_text(name) for name in ("year", "measure", "title", "of")),
        {"name": "numerator", **_INTEGER},
        {"name": "denominator", **_INTEGER},
        {"name": "percent", "type": "number"},
        {**_SYMBOL, "name": "percent_symbol"},
    ]
    resources.append(_resource("tables/percentages.csv", "Percentages", percentages))
    plain = [_text("code"), _text("label")]
    resources += [
        _resource(f"codelists/{name}.csv", tables.title(name), plain) for name in _columns(package)
    ]
    populations = [*plain, _text("description")]
    resources.append(_resource("codelists/population.csv", "Population", populations))
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"{package.slug}-{tables.year}",
        "title": f"{definitions.title}: {package.name}, {tables.year}",
        "version": definitions.edition,
        "sources": [{"title": definitions.source}],
        "resources": resources,
    }


def _fields(tables: YearTables, table: TableDefinition) -> list[dict[str, Any]]:
    heads: list[dict[str, Any]] = []
    for name in table.by:
        heads += [{"title": tables.title(name), **_text(name)}, _text(f"{name}_label")]
    return [_text("year"), _text("population"), *heads, {"name": "count", **_INTEGER}, _SYMBOL]


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


def _disclosure(package: Package) -> dict[str, Any]:
    """Return what may be said about the protection. How wide each proof is would say too much."""
    protected = package.protected
    return {
        "profile": protected.profile.id,
        "profile_edition": protected.profile.edition,
        "profile_title": protected.profile.title,
        "attackers_passed": list(protected.attackers),
        "smallest_width_at_least": protected.profile.width,
        "counts": len(protected.cells),
        "counts_hidden": sum(shown is None for shown in protected.cells.values()),
        "certificate_digest": package.certificate,
    }


def _readme(package: Package) -> str:
    tables, protected = package.tables, package.protected
    lines = [
        f"{tables.definitions.title}: {package.name}, {tables.year} (1 April to 31 March)",
        "",
        "Three populations, which overlap and are not to be added up:",
        *(f"- {p.title}: {p.description}" for p in tables.definitions.populations),
        "",
        f"Protected under: {protected.profile.title}.",
        f"{HIDDEN} in count_symbol: confidential. The count is 0 or more and is not shown, because "
        "it is small, or because",
        "a small one would follow from it. Percentages of hidden counts are not shown either.",
        "All tables were protected together; before this file could leave the register, an "
        "attempt to work out each small",
        f"count was proved to leave values at least {protected.profile.width} apart, for a reader "
        "who also has releases of other years.",
        "Do not try to identify anyone, and do not pass this file on beyond the agreement it was "
        "shared under.",
        "",
        "tables/      one row for each count: codes, labels, count, count_symbol",
        "codelists/   the codes, in the order of the rows",
        "datapackage.json   describes the files (Data Package, version 2)",
        "disclosure.json    the profile, who was kept out, and the digest of the proof",
        "MANIFEST.sha256    check with: sha256sum -c MANIFEST.sha256",
        "MANIFEST.sha256.sig  the board's signature of it: cdop release verify FILE --key KEY",
        "",
        *(f"{t.code}: {t.title}" for t in tables.tables),
    ]
    return "\n".join(lines) + "\n"


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
