"""What each process says of itself, whether it still runs, and how it logs."""
