"""Exact, internal tables. What leaves the register goes through a release instead."""
