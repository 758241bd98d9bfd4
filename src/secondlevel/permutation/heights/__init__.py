"""From scores to the statistic, or its normal deviate."""
