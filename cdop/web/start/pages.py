"""What the start page shows: the tasks of whoever asks, then what their part needs beside."""

from dataclasses import dataclass

from cdop.break_glass import queries as accesses
from cdop.deaths import queries as deaths
from cdop.meetings import queries as meetings
from cdop.organisations import guardians, people
from cdop.organisations import queries as organisations
from cdop.security.audit import proving, sealer
from cdop.security.work import Work
from cdop.sign_in import administering
from cdop.statistics import releasing
from cdop.tasks import models as tasks
from cdop.tasks.queries import worklist
from cdop.web.break_glass.pages import list_page
from cdop.web.deaths.pages import STATUS
from cdop.web.statistics.ledger_pages import HEAD, on_their_way
from cdop.web.tasks import Row, row_of
from cdop.web.templating import day

ROWS = 25


@dataclass(frozen=True)
class Table:
    """A further table of the start page, ready to show. A cell may be a mapping with `href`."""

    title: str
    head: list[str]
    rows: list[list[object]]
    empty: str


@dataclass(frozen=True)
class StartPage:
    """A person's morning. `tasks` is None for those whose part has no tasks."""

    tasks: list[Row] | None
    is_more: bool
    actions: list[tuple[str, str]]
    tables: list[Table]


_ACTIONS = (
    ("deaths:notification:create", "Notify a death", "/deaths/notify"),
    ("case_reviews:review:record", "Record a referral", "/referrals/new"),
    ("statistics:release:build", "Open the statistics", "/statistics"),
    (people.MANAGE, "Invite somebody", "/accounts/new"),
)


def start_page(work: Work) -> StartPage:
    """Return the start page of the actor."""
    actor = work.actor
    found = worklist(work, ROWS + 1) if any(map(tasks.may_be_asked, actor.permissions)) else None
    tables = []
    if found is None and actor.may(deaths.READ):
        tables.append(_cases(work))
    if actor.may("meetings:meeting:read"):
        tables.append(_meetings(work))
    if actor.may(releasing.READ):
        tables.append(_releases(work))
    if actor.may(people.MANAGE):
        tables.append(_accounts(work))
        tables += _unguarded(work)
    if actor.may(accesses.AUDIT):
        tables.append(_accesses(work))
    if actor.may("audit:log:read"):
        tables.append(_log(work))
    return StartPage(
        tasks=None if found is None else [row_of(task, work.today) for task in found[:ROWS]],
        is_more=found is not None and len(found) > ROWS,
        actions=[(text, href) for permission, text, href in _ACTIONS if actor.may(permission)],
        tables=tables,
    )


def _cases(work: Work) -> Table:
    """List what those without tasks of their own are there for: a key worker's families."""
    return Table(
        "Cases in your reach",
        ["Case", "Notified", "State"],
        [
            [
                {"text": case.reference, "href": f"/deaths/{case.id}"},
                day(case.notified_on),
                STATUS[case.status][0],
            ]
            for case in deaths.latest(work, ROWS)
        ],
        "No case is in your reach. A key worker's cases are assigned by the panel's coordinator.",
    )


def _meetings(work: Work) -> Table:
    rows = meetings.upcoming(work)
    names = organisations.names_on(work.session, {m.organisation_id for m in rows}, work.today)
    return Table(
        "Next meetings",
        ["Meeting", "Of", "Place"],
        [
            [
                {"text": f"{day(m.held_on)} {m.starts_at}".strip(), "href": f"/meetings/{m.id}"},
                names[m.organisation_id],
                m.place,
            ]
            for m in rows
        ],
        "No meeting is arranged.",
    )


def _releases(work: Work) -> Table:
    title, empty = "Releases on their way", "No release waits for you."
    return Table(title, HEAD, on_their_way(work)[:ROWS], empty)


def _accounts(work: Work) -> Table:
    """List the accounts that somebody waits for: invited, or without a way in."""
    return Table(
        "Accounts that are not in use yet",
        ["Name", "User name", "State"],
        [
            [
                {"text": each.account.display_name, "href": f"/accounts/{each.account.id}"},
                each.account.username,
                administering.state_of(each).capitalize(),
            ]
            for each in administering.listed(work)
            if administering.state_of(each) not in (administering.IN_USE, administering.DISABLED)
        ],
        "Every account is in use.",
    )


def _unguarded(work: Work) -> list[Table]:
    """Name the panels and groups without a guardian, so that whoever appoints sees it."""
    lacking = guardians.lacking(work.session, work.today)
    names = organisations.names_on(work.session, {each.id for each in lacking}, work.today)
    rows: list[list[object]] = [
        [names[each.id], "Others review break-glass there; nobody approves an erasure"]
        for each in lacking
    ]
    head = ["Organisation", "What it lacks"]
    return [Table("Without a Caldicott guardian", head, rows, "")] if rows else []


def _accesses(work: Work) -> Table:
    page = list_page(work)
    return Table(
        "Cases opened by break-glass",
        ["Access", "Who", "Whose cases", "Since", "State"],
        page.rows[:5],
        "Nobody has broken the glass.",
    )


def _log(work: Work) -> Table:
    sealed = sum(each.size for each in proving.newest(work))
    return Table(
        "Audit log",
        ["What", "State"],
        [
            [{"text": "Audit log", "href": "/audit"}, f"{sealed:,} lines are sealed"],
            ["Not sealed yet", f"{sealer.waiting(work).lines:,} lines"],
            [{"text": "What is unusual", "href": "/audit/unusual"}, "In the last seven days"],
        ],
        "",
    )
