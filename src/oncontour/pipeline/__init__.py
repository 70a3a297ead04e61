"""The main job from end to end: a study goes in; masks, measurements and a report come out."""
