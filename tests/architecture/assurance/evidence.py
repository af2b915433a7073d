"""Which tests there are, read from the source, so that a file may name them as evidence."""

import ast
from functools import cache

from cdop.config import ROOT


@cache
def every_test() -> frozenset[str]:
    """Return each test as `tests/path.py::test_name`."""
    found = set()
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        path = file.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.add(f"{path}::{node.name}")
    return frozenset(found)


def missing(named: list[str]) -> list[str]:
    """Return those of the named tests that do not exist."""
    return [name for name in named if name not in every_test()]
