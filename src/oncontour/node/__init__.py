"""The clinical node: receive, complete, route, process, deliver, watch.

From the scanner to the PACS without anyone at the keyboard (paper 002, Figure 5).
"""
