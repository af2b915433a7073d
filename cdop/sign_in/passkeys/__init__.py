"""Passkeys of accounts: adding, listing and removing them, and what they prove."""
