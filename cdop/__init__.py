"""cdop: a register of child deaths and joint case reviews. The version lives here and nowhere else."""

__version__ = "0.1.0"
