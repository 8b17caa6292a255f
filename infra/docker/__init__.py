"""The full stack: its images, its one-shot services, its health checks, its start."""
