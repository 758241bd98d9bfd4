"""The null by shuffling: shuffles, statistics, what is kept of each, p-values."""
