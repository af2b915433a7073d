"""What people do with a referral: refer, recommend, decide, and record the review."""

from cdop.case_reviews.service.deciding import decide, withdraw_decision
from cdop.case_reviews.service.recommending import recommend
from cdop.case_reviews.service.referring import refer, refer_from_panel
from cdop.case_reviews.service.reviewing import (
    complete_review,
    publish,
    record_national_panel_response,
    start_review,
)

__all__ = [
    "complete_review",
    "decide",
    "publish",
    "recommend",
    "record_national_panel_response",
    "refer",
    "refer_from_panel",
    "start_review",
    "withdraw_decision",
]
