"""The panel's review of a death: the analysis form, classification, factors, sign-off."""
