"""cdop: a register of child deaths and joint case reviews. Its version is said here only."""

__version__ = "0.1.0"
