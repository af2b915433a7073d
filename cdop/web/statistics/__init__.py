"""A panel's year in figures: exact and internal, or protected and released."""
