"""The main job on a simulated cohort, whose truth is known."""
