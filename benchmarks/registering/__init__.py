"""Rigid registration by several programs: pairs of images, and each program as its users call it."""
