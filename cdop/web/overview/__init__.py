"""Pages of the panel: the anonymised case, its classification, the chair's signature."""
