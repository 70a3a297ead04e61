"""Several readers of the same cases, and models beside them: how far they agree, and what they agree on."""
