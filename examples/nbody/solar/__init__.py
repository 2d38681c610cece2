"""The Sun and its four giant planets under gravity: the n-body program of the Computer Language Benchmarks Game."""
