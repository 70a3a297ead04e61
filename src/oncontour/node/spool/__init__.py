"""What has come, on disk: `studies/<token>/<image>.dcm`, whole and synced before its sender is thanked."""
