"""Somebody's own passkeys."""
