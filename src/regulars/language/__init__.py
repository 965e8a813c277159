"""What people write, read by small models: its language, its sentiment, what it is about."""
