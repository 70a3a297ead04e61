"""`oncontour review`: the page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oncontour.cli.console import exit_codes


def register(app: typer.Typer) -> None:
    """Add `oncontour review` to the command line."""
    app.command("review")(review)


def review(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="Folder that `oncontour segment` wrote to.")],
    studies: Annotated[
        list[Path] | None,
        typer.Option("--studies", "-s", metavar="STUDY", help="What was segmented; give it again for more."),
    ] = None,
    visits: Annotated[
        list[Path] | None,
        typer.Option("--visits", metavar="TABLE.csv", help="Scans of one patient, as `oncontour follow` takes them."),
    ] = None,
    criteria: Annotated[str, typer.Option("--criteria", help="Of follow-ups; see `oncontour follow`.")] = "RANO",
    show_dates: Annotated[bool, typer.Option("--show-dates", help="Dates too, not days since baseline alone.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
) -> None:
    """Look at results in the browser. The page is served to this machine alone, until Ctrl-C."""
    import secrets
    import signal
    import threading
    import webbrowser
    from tempfile import TemporaryDirectory

    with exit_codes(), TemporaryDirectory(prefix="oncontour-") as temporary:
        from oncontour.review.page.app import review_app
        from oncontour.review.results.follow_ups import FollowUps
        from oncontour.review.results.gallery import Gallery
        from oncontour.web.serve import serving

        gallery = Gallery(results, studies or [], Path(temporary))
        follow_ups = FollowUps(visits or [], gallery.results, criteria, show_dates=show_dates)
        token, ended = secrets.token_urlsafe(24), threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: ended.set())
        with serving(review_app(gallery, token, follow_ups=follow_ups), "127.0.0.1", port, "review") as listening:
            link = f"http://127.0.0.1:{listening}/?token={token}"
            typer.echo(f"{len(gallery.results)} cases: {link}")
            typer.echo("Ctrl-C ends it.")
            if browser:
                webbrowser.open(link)
            ended.wait()
