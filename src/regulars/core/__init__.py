"""Records that cross rooms, identifiers, settings, errors: what every room may import."""
