"""Sliding windows beside one another: tasks, and the programs that do them."""
