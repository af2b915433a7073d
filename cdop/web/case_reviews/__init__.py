"""Referrals to the joint case review group, their recommendation, decision and review."""
