"""Programs that train the same network on the same cases, for benchmarks: one module each, called in the same way.

A contender is a function `run(task, seed, clock, out)` that trains, its batches given out by the clock, and then, where
the task has held-out cases, predicts them into `out` as CASE.nii.gz. It returns the number of parameters that it
trained. Each runs in a process of its own, from `contenders.runs`.
"""
