"""What `benchmarks/metric_agreement.py` compares: masks and samples, peers, and how a difference is told."""
