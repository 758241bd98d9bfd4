"""Which elements are neighbours: lattices, meshes, unions, and their components."""
