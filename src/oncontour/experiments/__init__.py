"""Published experiments as data: cohorts, arms, tables and findings of a paper, run on phantoms or on real data."""
