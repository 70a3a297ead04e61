"""`python -m oncontour`."""

from oncontour.cli.main import app

app()
