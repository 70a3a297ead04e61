"""The figures that papers show of an evaluation: functions from data to a figure and the rows of numbers behind it."""
