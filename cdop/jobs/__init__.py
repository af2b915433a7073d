"""Work that takes longer than a page may: kept in the database, done at least once."""
