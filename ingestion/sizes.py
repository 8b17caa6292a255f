"""How large an event may be once unpacked.  The broker's own limit applies to the compressed size."""

# a larger event is not read as JSON: its `parse_error` is `trop_grand`
LARGEST_EVENT = 2 * 1024 * 1024
TOO_LARGE = "trop_grand"

# a key, value or set of headers larger than this stays in Kafka, and Bronze's row has null instead
KEPT_BYTES = 8 * 1024 * 1024
