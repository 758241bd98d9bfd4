"""What is kept of a map besides its largest height: clusters, enhanced scores."""
