"""When all images of a study have come."""
