"""The page: see, correct, rate, follow."""
