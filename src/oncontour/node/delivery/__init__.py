"""Results on their way to the PACS: sent until the PACS is seen to have them, and never by two nodes."""
