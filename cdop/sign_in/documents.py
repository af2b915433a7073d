"""What is sealed about an account."""

from pydantic import BaseModel, ConfigDict

from cdop.security.sections import Section


class Seed(BaseModel):
    """The secret that an authenticator app shares with the register, in base 32."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    secret: str = ""


SEED = Section("authenticators", "seed", Seed, "accounts:factor:check")
"""Opened to check a code and shown to nobody: no role holds its permission."""
