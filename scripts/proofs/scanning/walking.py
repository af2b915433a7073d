"""Walking the pages as one person: what there is, which records and files they lead to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from scanning.served import Served, Session, untrusting

MOST_PAGES = 150
RECORD = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class Walk:
    """What somebody found: pages, ids of records, and answers that nobody should get."""

    pages: list[str] = field(default_factory=list)
    records: dict[str, list[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


class _Links(HTMLParser):
    """Collects the addresses of links and frames of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.elsewhere: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a tag leads."""
        for name, value in attrs:
            if name in ("href", "src", "action", "hx-get", "hx-post") and value:
                if urlsplit(value).netloc:
                    self.elsewhere.append(value)
                elif tag == "a" and name == "href":
                    self.found.append(value)


def walk(served: Served, session: Session) -> Walk:
    """Follow the links from the start page as somebody; no form is sent."""
    found = Walk()
    with browser(served, session) as client:
        waiting = ["/"]
        seen = set(waiting)
        while waiting and len(found.pages) < MOST_PAGES:
            path = waiting.pop(0)
            answer = client.get(path)
            found.pages.append(path)
            found.wrong += _faults(path, answer)
            for link in _next(path, answer, found):
                if link not in seen:
                    seen.add(link)
                    waiting.append(link)
    return found


def browser(served: Served, session: Session) -> httpx.Client:
    """Return a client that is this person's browser; it follows no redirect."""
    return httpx.Client(
        base_url=served.address, headers=session.headers, verify=untrusting(), timeout=120
    )


def signed_in(served: Served, session: Session) -> bool:
    """Say whether the start page is this person's and shows no sign-in form."""
    with browser(served, session) as client:
        answer = client.get("/")
    return answer.status_code == 200 and session.name in answer.text


def _next(path: str, answer: httpx.Response, found: Walk) -> Iterator[str]:
    """Yield the pages to which an answer leads, and note the records that it names."""
    if "location" in answer.headers:
        yield answer.headers["location"]
    if not answer.headers.get("content-type", "").startswith("text/html"):
        return
    links = _Links()
    links.feed(answer.text)
    found.wrong += [f"{path} reaches another host: {link}" for link in links.elsewhere]
    for link in links.found:
        target = urljoin(path, link).split("#")[0]
        for place in RECORD.finditer(target):
            kind = target[: place.start()].split("?")[0].strip("/").split("/")[-1]
            found.records.setdefault(kind, []).append(place.group())
        if target and not target.startswith("/static/"):
            yield target


def _faults(path: str, answer: httpx.Response) -> Iterator[str]:
    """Yield what an answer lacks: a type, its charset, or the mark of a file to be kept."""
    kind = answer.headers.get("content-type", "")
    if answer.status_code >= 500:
        yield f"{path} answers {answer.status_code}"
    if answer.status_code == 200 and not kind.startswith("text/html"):
        sent = answer.headers.get("content-disposition", "")
        if not re.fullmatch(r'attachment; filename="[\w.-]+"', sent):
            yield f"{path} is {kind} and not a file with a neutral name: {sent}"
    if kind.startswith("text/") and "charset=utf-8" not in kind:
        yield f"{path} does not say its charset: {kind}"
    if answer.headers.get("cache-control") != "no-store":
        yield f"{path} may be kept"
