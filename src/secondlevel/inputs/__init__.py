"""What the user handed over, turned into a cohort: one kind of input per file."""
