"""The spectral norm of an infinite matrix (challenge 3 of the SIAM hundred-digit problems), over lists of float."""
