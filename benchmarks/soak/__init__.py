"""Parts of `node_soak.py`."""
