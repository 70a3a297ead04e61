"""The command line: one command a file, each a thin face of the Python API of the same name."""
