"""Sealing, permission, audit, and the unit of work that holds them together."""
