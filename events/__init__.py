"""What both sides of Eventmill speak: object types, event batches, selection, readers and writers."""
