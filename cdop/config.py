"""Settings, read once from the environment and the command line. No secret has a default."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cdop.errors import Misconfigured

ROOT = Path(__file__).resolve().parent.parent
KEY_SETTINGS = ("CDOP_PKCS11_", "CDOP_VAULT_")
SINK_SETTINGS, MAIL_SETTINGS = "CDOP_AUDIT_", "CDOP_SMTP"
MOST_SECONDS = 86_400  # that a proof may be allowed


@dataclass(frozen=True)
class Settings:
    """Where a register lives.

    `data` is its folder; `database_url` the embedded SQLite file in it unless set; `keys` the key
    file, which may lie elsewhere; `key_provider` what guards it, and `key_settings` the environment
    variables that tell how to reach that; `sending` those of the audit log's sinks and the mail
    server. `origin` is the address that people type, by which a
    passkey and an identity provider know this register; `oidc` the file that names the providers.
    `proof_seconds` is how long the proof of one release may take before it is given up: nothing
    but that depends on it.
    """

    data: Path
    database_url: str
    keys: Path
    key_provider: str = "file"
    key_settings: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    sending: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    origin: str = "http://localhost:8000"
    oidc: Path | None = None
    proof_seconds: float = 900.0

    @property
    def is_sqlite(self) -> bool:
        """Say whether the embedded database is used."""
        return self.database_url.startswith("sqlite")

    @property
    def database_file(self) -> Path:
        """Return the SQLite file; meaningful only when `is_sqlite`."""
        return Path(self.database_url.partition(":///")[2])


def load(data: Path | None = None) -> Settings:
    """Build settings for the register in `data`, or in `CDOP_DATA`, or in ./register-data.

    Raises Misconfigured when CDOP_DATABASE_URL_FILE names a file that cannot be read,
    CDOP_ORIGIN is no origin, or CDOP_PROOF_SECONDS no time.
    """
    folder = (data or Path(os.environ.get("CDOP_DATA") or "register-data")).resolve()
    return Settings(
        data=folder,
        database_url=_database_url() or f"sqlite:///{folder / 'register.db'}",
        keys=Path(os.environ.get("CDOP_KEYS") or folder / "keys.json"),
        key_provider=os.environ.get("CDOP_KEY_PROVIDER") or "file",
        key_settings=_environment(KEY_SETTINGS),
        sending=_environment((SINK_SETTINGS, MAIL_SETTINGS)),
        origin=_origin(),
        oidc=Path(named) if (named := os.environ.get("CDOP_OIDC")) else None,
        proof_seconds=_proof_seconds(),
    )


def _proof_seconds() -> float:
    given = os.environ.get("CDOP_PROOF_SECONDS") or str(Settings.proof_seconds)
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0
    if not 1 <= seconds <= MOST_SECONDS:
        raise Misconfigured(f"CDOP_PROOF_SECONDS must be a number from 1 to {MOST_SECONDS:,}.")
    return seconds


def _origin() -> str:
    origin = os.environ.get("CDOP_ORIGIN") or f"http://localhost:{os.environ.get('PORT') or 8000}"
    parts = urlsplit(origin)
    whole = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    secure = parts.scheme == "https" or parts.hostname == "localhost"
    if not whole or not secure or origin != f"{parts.scheme}://{parts.netloc}".lower():
        raise Misconfigured(
            "CDOP_ORIGIN must be the address that people type, without a path or a slash at its "
            "end, for example https://cdop.example.org. Plain http is for localhost only."
        )
    return origin


def _environment(prefixes: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(prefixes)}


def _database_url() -> str | None:
    file = os.environ.get("CDOP_DATABASE_URL_FILE")
    if file:
        try:
            return Path(file).read_text().strip()
        except OSError as error:
            raise Misconfigured(
                "The file named by CDOP_DATABASE_URL_FILE cannot be read: "
                "check the path and its permissions."
            ) from error
    return os.environ.get("CDOP_DATABASE_URL")
