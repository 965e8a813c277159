"""What personal data may be kept, seen and used: pure rules."""
