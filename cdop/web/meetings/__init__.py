"""Pages about meetings: arrange one, fill its agenda, record who was there."""
