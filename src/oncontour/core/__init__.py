"""The nouns of the project: volumes, grids, sequences, label schemes, errors. Needs numpy alone."""
