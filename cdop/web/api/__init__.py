"""The API for analysts: released packages, read by programs with a token. Reads only."""
