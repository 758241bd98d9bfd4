"""Results as people use them: images, files."""
