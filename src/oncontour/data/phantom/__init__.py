"""The synthetic cohort: healthy anatomies in which tumours are grown and MR sequences simulated."""
