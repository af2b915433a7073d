"""What releases count: the deaths of a panel, or the referrals of a joint case review group.

Which follows from the table set. Here stands what linking releases has to know of each.
"""

from cdop.statistics.subjects.deaths import DEATHS
from cdop.statistics.subjects.referrals import REFERRALS
from cdop.statistics.subjects.values import Membership, Subject

__all__ = ["DEATHS", "REFERRALS", "SUBJECTS", "Membership", "Subject"]

SUBJECTS = {each.code: each for each in (DEATHS, REFERRALS)}
