"""Normalising flows over whole events."""
