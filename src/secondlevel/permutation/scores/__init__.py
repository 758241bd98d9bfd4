"""How much of each element what is tested explains, for any shuffle of the design."""
