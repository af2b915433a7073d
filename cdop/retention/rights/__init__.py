"""Requests about rights: a parent, a sibling, a professional asks what is held about somebody.

A child who died is not a data subject, but confidence remains; relatives and professionals in the
record are data subjects. Somebody decides what is disclosed, part by part; nothing goes by itself.
"""
