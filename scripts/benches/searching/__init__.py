"""What the benchmark of search needs: a register of invented children in one panel's scope."""
