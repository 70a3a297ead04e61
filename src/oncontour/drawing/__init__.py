"""How everything that is drawn looks, and how it is written; what is drawn stands in the room that knows it."""
