"""Meetings of panels and groups: when, who, and what is on the agenda."""
