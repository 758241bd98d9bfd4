"""From results to a page that can be read, sent and printed."""
