"""The role × permission matrix as text: for a terminal, for scripts, for the README."""

from itertools import groupby

from cdop.security.permissions import GRANTS, PARTS, PERMISSIONS, needs_second_factor

BEGINS, ENDS = "<!-- cdop permissions -->", "<!-- end -->"


def as_rows() -> list[dict[str, object]]:
    """Return each permission, what it opens, its words and the roles that hold it."""
    return [
        {
            "permission": name,
            "opens": permission.opens.value,
            "words": permission.words,
            "roles": [role.value for role in PARTS if name in GRANTS[role]],
        }
        for name, permission in PERMISSIONS.items()
    ]


def as_grid() -> str:
    """Return the matrix for a terminal: a row for each permission, a column for each role."""
    lines = [f"{number:>2}  {part.label}" for number, part in enumerate(PARTS.values(), start=1)]
    width = max(map(len, PERMISSIONS))
    heads = " ".join(f"{number:>2}" for number in range(1, len(PARTS) + 1))
    lines += ["", f"{'':{width}}  {heads}"]
    for name in PERMISSIONS:
        marks = " ".join(" x" if name in GRANTS[role] else " ." for role in PARTS)
        lines.append(f"{name:{width}}  {marks}")
    return "\n".join(lines)


def as_markdown() -> str:
    """Return the matrix as the README holds it: a row for each role."""
    lines = ["| role | does | permissions | second factor |", "| --- | --- | --- | --- |"]
    for role, part in PARTS.items():
        factor = "yes" if needs_second_factor(role) else "no"
        lines.append(f"| {part.label} | {part.does} | {_short(part.may)} | {factor} |")
    return "\n".join(lines)


def in_document(text: str) -> str:
    """Return a document with the matrix of today between its two marks. Raises ValueError."""
    head, found, rest = text.partition(BEGINS)
    _, closed, tail = rest.partition(ENDS)
    if not found or not closed:
        raise ValueError(f"the document lacks the marks {BEGINS} and {ENDS}")
    return f"{head}{BEGINS}\n\n{as_markdown()}\n\n{ENDS}{tail}"


def _short(may: tuple[str, ...]) -> str:
    """Return permissions with what they share written once: `deaths:case:read,edit`."""
    found = []
    for thing, names in groupby(sorted(may), key=lambda name: name.rpartition(":")[0]):
        found.append(f"{thing}:" + ",".join(name.rpartition(":")[2] for name in names))
    return " ".join(f"`{each}`" for each in found)
