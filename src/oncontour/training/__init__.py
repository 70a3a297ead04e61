"""Training: cases, sampling, losses, the loop."""
