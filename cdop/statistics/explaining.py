"""What a package says of itself in words: how it was protected, what that cost, how to read it."""

from typing import Any

from cdop.statistics.contents import Package, symbols
from cdop.statistics.disclosure.profiles import Others
from cdop.statistics.disclosure.rounding import LOW
from cdop.statistics.reasons import reader

_METHODS = (
    "Rates: crude, with 95% intervals (exact Poisson below 10 deaths, Byar's method from 10),",
    "or directly standardised for age where they say so (intervals by Dobson's method).",
    "Percentages: with 95% intervals by Wilson's method; each says what it is a share of.",
    "",
)


def disclosure(package: Package) -> dict[str, Any]:
    """Return what may be said about the protection. How wide each proof is would say too much."""
    protected = package.protected
    return {
        "profile": protected.profile.id,
        "profile_edition": protected.profile.edition,
        "profile_title": protected.profile.title,
        "attackers_passed": list(protected.attackers),
        "smallest_width_at_least": protected.profile.width,
        "counts": len(protected.cells),
        "counts_hidden": hidden(package),
        "certificate_digest": package.certificate,
    }


def hidden(package: Package) -> int:
    """Return how many counts are not shown."""
    return sum(count is None for count in package.protected.cells.values())


def what_was_done(package: Package) -> list[str]:
    """Return how the counts were protected and what that did to them, a sentence each."""
    protected = package.protected
    every, gone = len(protected.cells), hidden(package)
    said = [f"Protected under the profile “{protected.profile.title}”."]
    if protected.profile.others == Others.CONTROLLED:
        said.append(
            f"All {every} counts are shown, each to a multiple of {protected.profile.base} and "
            f"at most {protected.reach} from the truth; totals add up. {LOW} rounds to 0."
        )
    else:
        said.append(
            f"Of {every} counts, {every - gone} are shown and {gone} are confidential, marked [c]: "
            "0 or more, because they are small or because a small one would follow from them."
        )
    if protected.profile.others == Others.NEAREST:
        said.append(
            f"All others are rounded to the nearest {protected.profile.base}, each by itself: they "
            "need not add up. 0 is 0."
        )
    said += _what_follows(package)
    subject = package.tables.definitions.subject
    said += [
        "All tables were protected together. Before this left the register, an attempt to work "
        "out each small count was proved to leave values "
        f"{protected.profile.width} or more apart, for: "
        + "; ".join(reader(each, subject) for each in protected.attackers)
        + f". Who knows some of the {subject.words.several} cannot tell how many others are in a "
        "small count.",
        *filter(None, [subject.words.apart]),
    ]
    return said


def _what_follows(package: Package) -> list[str]:
    if not package.tables.definitions.measured:
        return [
            "What follows from a confidential count is confidential too: its bar has no length."
        ]
    return [
        "Percentages, rates and intervals are worked out from the counts as they are shown.",
        "What follows from a confidential count is confidential too: its percentage, rate and "
        "interval have no number, its bar no length.",
    ]


def readme(package: Package) -> str:
    """Return the text file that comes with a package."""
    tables = package.tables
    lines = [
        f"{package.title} (years from 1 April to 31 March)",
        "",
        f"What is counted; {tables.definitions.subject.words.years}:",
        *(f"- {p.title}: {p.description}" for p in tables.populations),
        "",
        *what_was_done(package),
        "",
        *([f"Note: {package.note}", ""] if package.note else []),
        "Symbols:",
        *(f"{symbol:6} {words}" for symbol, words in symbols(tables).items()),
        "",
        *(_METHODS if tables.definitions.measured else ()),
        "Do not try to identify anyone, and do not pass this file on beyond the agreement it was "
        "shared under.",
        "",
        "report.html, report.pdf, report.docx   the annual report, to read and to edit",
        "tables.xlsx                            the same tables as a workbook",
        "charts/      each one-way table drawn, as SVG and as PNG",
        "tables/      one row for each count: codes, labels, count, count_symbol, marks, the",
        "             least and the greatest value that a reader must allow for",
        "codelists/   the codes, in the order of the rows",
        "datapackage.json     describes the files (Data Package, version 2)",
        "disclosure.json      the profile, who was kept out, and the digest of the proof",
        "MANIFEST.sha256      check with: sha256sum -c MANIFEST.sha256",
        "MANIFEST.sha256.sig  the board's signature of it: cdop release verify FILE --key KEY",
        "",
        *(f"{t.code}: {t.title}" for t in tables.tables),
    ]
    return "\n".join(lines) + "\n"
