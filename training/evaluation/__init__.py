"""How far generated events are from truth."""
