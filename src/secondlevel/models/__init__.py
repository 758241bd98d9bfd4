"""How coefficients and their covariance are estimated; arrays in, records out."""
