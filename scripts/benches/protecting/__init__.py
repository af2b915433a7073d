"""What the benchmark of protection needs: registers of invented deaths."""
