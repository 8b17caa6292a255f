"""What each process reports about itself, whether it still runs, and how it logs."""
