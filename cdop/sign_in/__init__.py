"""Proving who signs in: passwords, second factors, recovery codes, invitations, delays."""
