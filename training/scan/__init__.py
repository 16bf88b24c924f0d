"""Scans: one configuration with some of its values varied, each trained, exported and judged."""
