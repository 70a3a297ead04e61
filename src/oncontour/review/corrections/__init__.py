"""What readers add to a result: what they think of it, and versions that they corrected."""
