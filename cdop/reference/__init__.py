"""Law as data: code lists, forms, clocks, decision makers and tables, each with source and dates.

Nothing here knows a case. Ask with the day that matters (the day an answer is given, a panel
completed its review, a referral was made), never with today's date out of habit:

    codelist("category", day).label("8")      what a code meant on that day
    codelist("category", day).choices()       (code, label) pairs to offer on that day
    "8" in codelist("category", day)          may this answer be given on that day?
    codelist_edition("relevance", "E1")       the list kept with an old case
    form("analysis", day).list("relevance")   the list that this edition of the form uses
    form_edition("analysis", "E1")            the form kept with an old case
    clocks(day, starts="death")               what a death starts, then `due(clock, start)`
    deciders("children", day, "herefordshire") the offices that decide a referral
    table("jcr-outcomes", "2013")             rows and words of a published table
    era_on(day)                               "E1", "E2" or "E3"

An unknown list, edition or code raises `Unknown`; a day that no edition covers raises `NotInForce`.
Files that contradict themselves raise `Misconfigured`, naming the file, when they are first read.
"""

from cdop.reference.clocks import Clock, clock, clocks, due
from cdop.reference.codelists import CodeList, Item, codelist, codelist_edition, codelist_ids
from cdop.reference.deciders import Deciders, deciders
from cdop.reference.eras import REVIEW_BEGAN, era_on
from cdop.reference.forms import Form, edition_on, form, form_edition
from cdop.reference.loading import Certainty, Edition, NotInForce, Unknown
from cdop.reference.tables import Table, TableRow, table

__all__ = [
    "REVIEW_BEGAN",
    "Certainty",
    "Clock",
    "CodeList",
    "Deciders",
    "Edition",
    "Form",
    "Item",
    "NotInForce",
    "Table",
    "TableRow",
    "Unknown",
    "clock",
    "clocks",
    "codelist",
    "codelist_edition",
    "codelist_ids",
    "deciders",
    "due",
    "edition_on",
    "era_on",
    "form",
    "form_edition",
    "table",
]
