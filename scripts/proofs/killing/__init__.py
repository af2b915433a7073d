"""The other server of `scripts/prove rotation`, which works on while commands are killed."""
