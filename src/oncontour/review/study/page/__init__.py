"""The pages of a blinded reader study: what a rater's browser is given, which is tokens, colours and voxels alone."""
