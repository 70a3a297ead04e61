"""Faults put into a running node, and what became of every study (`node_faults.py`)."""
