"""What may be claimed from an image: thresholds, clusters, true discoveries."""
