"""What each ingredient of the synthetic cases gives: the same small training with it and without it."""
