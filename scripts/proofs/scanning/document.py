"""The OpenAPI document that the register does not serve: every route, with its form's real fields.

It is made offline for one person: their form token, and ids of records that they know.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel

from cdop.organisations import sessions
from cdop.web.api.problems import PREFIX
from cdop.web.fields import DATE_PARTS, bare, is_date, is_list, line_of
from cdop.web.forms import Form
from scanning.served import ENDS_SESSION, Session
from scanning.walking import Walk

_ANSWERS = (200, 204, 303, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429)
_FILES = ("text/plain", "text/csv", "application/zip", "application/json")
_PARAMETER = re.compile(r"{(\w+)}")
_TEXT: dict[str, Any] = {"type": "string"}


def document(app: FastAPI, session: Session, walked: Walk) -> dict[str, Any]:
    """Return the document of all routes but those that end the session."""
    paths: dict[str, Any] = {}
    contexts: Iterable[Any] = iter_route_contexts(app.routes)
    for context in contexts:
        if not hasattr(context, "dependant") or context.path.startswith((*ENDS_SESSION, PREFIX)):
            continue
        for method in context.methods:
            operation = _operation(context, method, session, walked)
            paths.setdefault(context.path, {})[method.lower()] = operation
    return {"openapi": "3.1.0", "info": {"title": "cdop", "version": "1"}, "paths": paths}


def form_of(endpoint: Any) -> type[Form] | None:
    """Return the form that an endpoint binds: the one whose name stands in its source."""
    named = re.findall(r"\b[A-Z]\w+\b", inspect.getsource(endpoint))
    for name in named:
        found = endpoint.__globals__.get(name)
        if isinstance(found, type) and issubclass(found, Form) and found is not Form:
            return found
    return None


def _operation(context: Any, method: str, session: Session, walked: Walk) -> dict[str, Any]:
    path = context.path
    asked = [
        {"name": name, "in": "path", "required": True, "schema": _id(path, name, walked)}
        for name in _PARAMETER.findall(path)
    ]
    asked += [
        {"name": each.alias, "in": "query", "required": False, "schema": _TEXT}
        for each in context.dependant.query_params
    ]
    answers = {str(status): _answer(status) for status in _ANSWERS}
    operation: dict[str, Any] = {"parameters": asked, "responses": answers}
    if method == "POST":
        form = form_of(context.endpoint)
        fields = dict(_fields(form)) if form else {}
        if session.token:
            fields["csrf"] = {"const": sessions.csrf(session.token)}
        schema = {"type": "object", "properties": fields, "required": ["csrf"] if fields else []}
        kind = "application/x-www-form-urlencoded"
        operation["requestBody"] = {"required": True, "content": {kind: {"schema": schema}}}
    return operation


def _answer(status: int) -> dict[str, Any]:
    """Return what may come with a status: a page, a file where there is one, or nothing."""
    if status in (204, 303):
        return {"description": ""}
    kinds = ("text/html", *_FILES) if status == 200 else ("text/html",)
    return {"description": "", "content": {kind: {"schema": _TEXT} for kind in kinds}}


def _id(path: str, name: str, walked: Walk) -> dict[str, Any]:
    """Return what may stand for a parameter: records that the pages named, or anything."""
    before = path.partition(f"{{{name}}}")[0].strip("/").split("/")[-1]
    known = sorted(set(walked.records.get(before, ())))[:10]
    if not name.endswith("_id"):
        return _TEXT
    anything = {"type": "string", "format": "uuid"}
    return {"anyOf": [{"enum": known}, anything]} if known else anything


def _fields(form: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the inputs of a form as the page names them."""
    schema = form.model_json_schema()
    for name, info in form.model_fields.items():
        key = prefix + name
        line = line_of(info.annotation)
        if line:
            yield from _fields(line, f"{key}-0-")
        elif is_date(info.annotation):
            yield from ((f"{key}-{part}", _TEXT) for part in DATE_PARTS)
        elif is_list(info.annotation):
            yield key, {"type": "array", "items": _TEXT, "maxItems": 5}
        elif bare(info.annotation) is bool:
            yield key, {"enum": ["yes", "no", ""]}
        else:
            yield key, _choice(schema, name)


def _choice(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the answers that may be chosen, or a text."""
    declared = schema["properties"][name]
    kinds = declared.get("anyOf", [declared])
    for kind in kinds:
        kind = schema.get("$defs", {}).get(kind.get("$ref", "").split("/")[-1], kind)
        if "enum" in kind:
            return {"anyOf": [{"enum": kind["enum"]}, _TEXT]}
    return _TEXT
