"""What guards the key file: its mode alone, or something that wraps it and lives elsewhere.

A provider is asked at the start and at a rotation only. It wraps the ring, never a case's key: a
call for each case would cost a list of names its speed.
"""

from cdop.security.providers.plain import FILE, SECRET
from cdop.security.providers.protocol import Provider

__all__ = ["FILE", "SECRET", "Provider"]
