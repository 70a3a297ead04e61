"""Blinded reader studies: who is shown which masks, what they said of them, and what follows from it (papers 001, 003).

Whose a mask is stands in one table, which `sources` alone knows; readers are shown what `rating` gives.
"""
