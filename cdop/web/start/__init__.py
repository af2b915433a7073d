"""The start page: each person's own work list."""
