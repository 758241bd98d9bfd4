"""Questions put to a fitted model, and answered in full: what a report reads."""
