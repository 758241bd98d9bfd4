"""Maps read once: decompressed, resampled, smoothed, masked, and handed to an estimator."""
