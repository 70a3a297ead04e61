"""Conditions that a hospital's scans may be in, and what a bundle finds in the same scans under each of them."""
