"""From a study as it was scanned to images that a network can read: one step a file.

Each step returns what it did and what is needed to undo it; `run.preprocess` puts them in order. Import the modules
themselves: they load torch and SimpleITK only when they work.
"""
