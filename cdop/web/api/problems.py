"""Errors of the API as problem+json (RFC 9457): what kind, and nothing of what was asked."""

import json

from fastapi import Response

MEDIA = "application/problem+json"
PREFIX = "/api/"
_TITLES = {
    400: "The request could not be read",
    401: "A token is needed, and this is none that is accepted",
    404: "There is no such release or table in the token's scope",
    405: "The API is for reading only",
    413: "The request is too large",
    429: "Too many requests: ask again later",
}


def is_for_programs(path: str) -> bool:
    """Say whether an address is one of the API."""
    return path.startswith(PREFIX)


def problem_text(status: int, incident: str | None = None) -> str:
    """Return the problem of a status; `incident` is the number of a fault in the log."""
    told: dict[str, object] = {
        "type": "about:blank",
        "title": _TITLES.get(status, "Something went wrong"),
        "status": status,
    }
    if incident:
        told["incident"] = incident
    return json.dumps(told)


def problem(status: int, headers: dict[str, str] | None = None) -> Response:
    """Return the answer to a request of the API that failed."""
    return Response(problem_text(status), status, headers, MEDIA)
