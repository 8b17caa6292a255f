"""The tail: the events behind the last slice, judged at once, so that a reader sees sales before they are published."""
