"""Plans: every number of a model, with the reason for it, in one frozen tree that is saved as YAML."""
