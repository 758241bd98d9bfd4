"""What is asked of the maps: the design matrix and the contrasts over its columns."""
