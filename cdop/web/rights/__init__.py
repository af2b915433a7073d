"""Pages of requests about rights."""
