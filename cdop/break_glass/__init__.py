"""Break-glass: another panel's cases for a short time, with a reason, seen at once, reviewed."""
