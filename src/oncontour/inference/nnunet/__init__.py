"""nnU-Net's own way from images to a result, for models imported from it: steps as data, resampling, prediction."""
