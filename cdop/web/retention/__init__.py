"""Pages of retention: what is past its period, erasures, holds, and what an erased record shows."""
