"""One piece of work by several programs in one run: processes that take turns, raw figures, a table, aims."""
