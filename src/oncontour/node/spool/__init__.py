"""What has come, on disk: `studies/<token>/<image>.dcm`, written whole, synced and named before its sender is thanked."""
