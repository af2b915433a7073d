"""Finding a child: one box, and what answers it."""
