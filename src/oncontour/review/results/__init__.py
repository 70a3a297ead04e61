"""What the page shows: result folders of `oncontour segment`, and the images behind them."""
