"""One patient over time: which masks, what they measure, how they are judged, a table and a picture."""
