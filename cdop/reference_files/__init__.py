"""Dated figures that others publish and a register loads: populations, births, deprivation."""
