"""What no line of the program does: evaluate, unpickle, write markup, keep in the browser."""

import ast
import re

import pytest

from cdop.config import ROOT

SOURCES = sorted((ROOT / "cdop").rglob("*.py"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
_EVALUATES = {"eval", "exec", "compile", "__import__", "os.system", "os.popen"}
_UNPICKLES = {"pickle", "marshal", "shelve", "yaml", "dill", "joblib"}
_IN_SCRIPTS = (
    *("eval(", "Function(", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"),
    *("localStorage", "sessionStorage", "indexedDB", "document.cookie", "postMessage"),
)


def test_the_pages_evaluate_nothing() -> None:
    assert SCRIPTS
    for script in SCRIPTS:
        text = script.read_text()
        for banned in _IN_SCRIPTS:
            assert banned not in text, f"{script.name} holds {banned}"
        assert not re.search(r"^var |window\.\w+ = ", text, re.MULTILINE), "a global name"
    base = (ROOT / "templates" / "base.html").read_text()
    for setting in ('"allowEval": false', '"allowScriptTags": false', '"selfRequestsOnly": true'):
        assert setting in base
    assert '"historyCacheSize": 0' in base


def test_the_program_evaluates_nothing() -> None:
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in _EVALUATES, f"{file}:{node.lineno}"
                shell = [k for k in node.keywords if k.arg == "shell"]
                assert not shell, f"{file}:{node.lineno}"


def test_nothing_unpickles() -> None:
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {name.split(".")[0] for name in names} & _UNPICKLES, file


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_no_template_trusts_a_text(template) -> None:
    """Nothing is marked as safe, and nothing stands inline that the policy would refuse."""
    text = template.read_text()
    for banned in ("|safe", "| safe", "autoescape", "javascript:", " onclick", " style=", "srcdoc"):
        assert banned not in text, banned
