"""Fannkuch: flip the front of each permutation until 1 comes first, and count (Anderson and Rettig, 1994)."""
