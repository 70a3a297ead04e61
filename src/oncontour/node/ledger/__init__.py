"""What the node remembers: cases, deliveries, who is alive, and what was done when.

In SQLite, or in one PostgreSQL that several nodes share. No patient's name, date or description is kept but those that
`node drift` lists, in a table of their own.
"""
