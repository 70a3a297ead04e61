"""What people are told of a node: health, metrics, alerts, a daily summary."""
