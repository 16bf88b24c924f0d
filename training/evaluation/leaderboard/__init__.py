"""All models of a shelf, judged by the same truth."""
