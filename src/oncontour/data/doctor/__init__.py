"""What is wrong, or doubtful, with a data set: `oncontour doctor`."""

from oncontour.data.doctor.examine import Examination, examine
from oncontour.data.doctor.problem import Problem

__all__ = ["Examination", "Problem", "examine"]
