"""Where elements live: image to vector and back."""
