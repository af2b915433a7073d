"""Invented sets of people for proofs. Nobody in them lives or died."""
