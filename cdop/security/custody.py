"""Which provider guards the keys of a register, from its settings."""

from cdop.config import Settings
from cdop.errors import Misconfigured
from cdop.security import keys
from cdop.security.keys import Ring
from cdop.security.providers.plain import FILE, SECRET
from cdop.security.providers.protocol import Provider

NAMES = ("file", "secret", "pkcs11", "vault-transit")


def provider_of(settings: Settings) -> Provider:
    """Return the provider that the settings name. Raises Misconfigured when it lacks a setting."""
    match settings.key_provider:
        case "file":
            return FILE
        case "secret":
            return SECRET
        case "pkcs11":
            from cdop.security.providers import pkcs11

            return pkcs11.from_settings(settings.key_settings)
        case "vault-transit":
            from cdop.security.providers import vault_transit

            return vault_transit.from_settings(settings.key_settings)
    raise Misconfigured(
        f"CDOP_KEY_PROVIDER is {settings.key_provider!r}; it is one of {', '.join(NAMES)}."
    )


def load(settings: Settings) -> Ring:
    """Read the ring of a register. Raises Misconfigured: see `cdop.security.keys.load`."""
    return keys.load(settings.keys, provider_of(settings))


def create(settings: Settings) -> Ring:
    """Make the ring of a new register. Raises Misconfigured: see `cdop.security.keys.create`."""
    return keys.create(settings.keys, provider_of(settings))
