"""The web page: its addresses, who may ask, what a browser is told to refuse."""
