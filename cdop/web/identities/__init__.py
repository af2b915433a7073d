"""Identities at other providers: signing in with one, linking one, and what a provider sends us."""
