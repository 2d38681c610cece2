"""Counting words, and a text to count them in."""
