"""The demonstration: real figures of the founding reports, invented people, written by services."""

from cdop.demo.accounts import NewAccount
from cdop.demo.building import build, check_may_fill, is_filled, steps
from cdop.demo.scale import Scaled, add_scale

__all__ = [
    "NewAccount",
    "Scaled",
    "add_scale",
    "build",
    "check_may_fill",
    "is_filled",
    "steps",
]
