"""The accounts of others, as their administrator sees them."""
