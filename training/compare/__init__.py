"""Two samples of events held against each other: shifts of observables, a classifier, a figure."""
