"""Which shuffles there are: arrangements under blocks, each with an address."""
