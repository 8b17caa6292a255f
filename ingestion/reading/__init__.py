"""What people ask of the lake: how much, how fresh, and what became of an event."""
