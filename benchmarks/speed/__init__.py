"""What `benchmarks/metric_speed.py` times: masks, contenders in processes of their own, a cohort of many cases."""
