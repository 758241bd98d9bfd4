"""What may be claimed from a map: tails, corrections, clusters, true discoveries."""
