"""Findings as self-contained HTML pages: what is drawn depends on the plain data alone."""
