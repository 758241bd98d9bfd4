"""The maps of a report, to move through in a browser."""
