"""Pages about a death: notify, the case, correct, summarise."""
