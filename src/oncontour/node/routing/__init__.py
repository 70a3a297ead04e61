"""Which study goes where: facts of a study, rules of a site, a decision that can be explained."""
