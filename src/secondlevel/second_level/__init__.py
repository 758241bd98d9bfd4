"""The public face: a model by scikit-learn's conventions. It connects, it computes nothing."""
