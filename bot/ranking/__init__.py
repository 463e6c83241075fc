"""Ordering papers for a channel or a person: pure functions over plain data."""

#: Which ranking made a choice, as the log of what was shown has it; changes with whatever changes the order.
VERSION = "taste-1"
