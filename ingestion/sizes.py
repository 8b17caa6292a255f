"""How large an event may be, once unpacked.  The broker's own limit counts what is compressed."""

# a larger one is not read as JSON: its `parse_error` is `trop_grand`
LARGEST_EVENT = 2 * 1024 * 1024
TOO_LARGE = "trop_grand"

# what is larger is left in Kafka, and Bronze's row is without it
KEPT_BYTES = 8 * 1024 * 1024
