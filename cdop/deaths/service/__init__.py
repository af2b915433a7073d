"""What people do with a death: notify, correct, join, summarise, mark steps done."""

from cdop.deaths.service.correcting import correct_identity
from cdop.deaths.service.events import mark_step, record_event
from cdop.deaths.service.joining import unjoin
from cdop.deaths.service.matching import decide_match
from cdop.deaths.service.notifying import notify
from cdop.deaths.service.reviewing import mark_reviewed, write_summary
from cdop.deaths.service.transferring import settle_transfer

__all__ = [
    "correct_identity",
    "decide_match",
    "mark_reviewed",
    "mark_step",
    "notify",
    "record_event",
    "settle_transfer",
    "unjoin",
    "write_summary",
]
