"""Whole events, one object after another: each by a density that depends on those before it."""
