"""What shuffles leave behind, and the p-values that are read off it."""
