"""The Bronze table: its columns, and how one Kafka record becomes one row.

Everything that arrives is kept as it arrived.  Beside the raw bytes stand the event's fields as text, where the bytes
can be read as one JSON object; typing and judging them is Silver's work.
"""

from ingestion.event import EVENT_FIELDS
from ingestion.sizes import KEPT_BYTES, LARGEST_EVENT, TOO_LARGE

BRONZE_COLUMNS = {
    "key": "binary",
    "headers": "array<struct<key: string, value: binary>>",
    "value": "binary",
    "kafka_topic": "string",
    "kafka_partition": "int",
    "kafka_offset": "bigint",
    "kafka_timestamp": "timestamp",
    "ingestion_time": "timestamp",
    "date": "date",
    **dict.fromkeys(EVENT_FIELDS, "string"),
    "unknown_fields": "map<string, string>",
    "parse_error": "string",
}

_COLUMNS = ",\n    ".join(f"`{name}` {kind}" for name, kind in BRONZE_COLUMNS.items())

# One commit a second: few checkpoints of the log, a week of it, and file statistics only where they let readers skip.
CREATE_BRONZE = f"""
create table if not exists bronze.ventes_raw (
    {_COLUMNS}
)
using delta
partitioned by (`date`)
location {{location}}
tblproperties (
    'delta.appendOnly' = 'true',
    'delta.checkpointInterval' = '100',
    'delta.logRetentionDuration' = 'interval 7 days',
    'delta.dataSkippingStatsColumns' = 'kafka_partition,kafka_offset,kafka_timestamp'
)
"""

# the fields that a number is valid in: only there its exact digits matter
NUMBERS = ("vente_id", "client_id", "produit_id", "quantite", "montant")
_KNOWN = ", ".join(f"'{name}'" for name in sorted(EVENT_FIELDS))

# The text with every number in quotes, so that each keeps its own text.  An escaped quote would end its string early:
# it is put aside, as are the escaped backslashes that could be taken for its own.  No JSON holds the characters 1 to 3.
_QUOTED = r"""replace(replace(replace(replace(
    regexp_replace(
        replace(replace(text, '\\\\', '\u0001'), '\\"', '\u0002'),
        '("[^"]*+")|(-?[0-9][-+.0-9eE]*+)', '$1\u0003$2\u0003'
    ),
    '\u0003\u0003', ''), '\u0003', '"'), '\u0002', '\\"'), '\u0001', '\\\\')"""


def _is_double(name: str) -> str:
    """A number with an exponent or more than 38 digits is held as a double.

    Asking for the kind is dear, and a double's text always has a point, or is infinite.
    """
    kind = f"schema_of_variant(variant_get(variant, '$.{name}'))"
    return f"members['{name}'] rlike '^-?([0-9]+[.]|I)' and {kind} = 'DOUBLE'"


# What is too large is measured and never touched again: each step over 20 MB of text would make a copy of it.
#
# `variant` keeps decimals exactly, and refuses duplicate keys and lone surrogates.  It stops reading behind the first
# value.  Nothing can be behind an object without arrays whose only } is the last byte; any other text is told by
# counting the elements of [text] and of [text,0]: no text can be both 1 and 2 long unless it is a single value.
_STAGES = (
    {
        "value_size": "length(value)",
    },
    {
        "text": f"case when value_size <= {LARGEST_EVENT} and is_valid_utf8(cast(value as string))"
        " then cast(value as string) end",
    },
    {
        "variant": "case when (startswith(text, '{') and endswith(text, '}') and not contains(text, '[')"
        " and not contains(cast(substring(value, 1, length(value) - 1) as string), '}'))"
        " or (json_array_length('[' || text || ']') = 1 and json_array_length('[' || text || ',0]') = 2)"
        " then try_parse_json(text) end",
    },
    {
        # null for a value that is no object; its keys come in alphabetical order
        "members": "try_variant_get(variant, '$', 'map<string,string>')",
    },
    {
        # the same, with each number's own text, where a double has lost digits; few events pay for it
        "own_texts": f"case when {' or '.join(f'({_is_double(name)})' for name in NUMBERS)}"
        f" then try_variant_get(try_parse_json({_QUOTED}), '$', 'map<string,string>') end",
    },
)


def _field(name: str) -> str:
    return f"if(own_texts is null, members['{name}'], own_texts['{name}'])" if name in NUMBERS else f"members['{name}']"


_EXPRESSIONS = {
    "key": f"case when length(key) <= {KEPT_BYTES} then key end",
    "headers": f"""case when aggregate(headers, 0L, (sum, header) -> sum + length(header.key)
        + coalesce(length(header.value), 0)) <= {KEPT_BYTES} then headers end""",
    "value": f"case when value_size <= {KEPT_BYTES} then value end",
    "kafka_topic": "topic",
    "kafka_partition": "partition",
    "kafka_offset": "offset",
    "kafka_timestamp": "timestamp",
    "ingestion_time": "current_timestamp()",
    "date": "to_date(timestamp)",
    **{name: _field(name) for name in EVENT_FIELDS},
    # the first comparison tells most events
    "unknown_fields": f"""case when map_keys(members) <> array({_KNOWN})
        and size(array_except(map_keys(members), array({_KNOWN}))) > 0
        then map_filter(members, (name, _) -> not array_contains(array({_KNOWN}), name)) end""",
    "parse_error": rf"""case
        when members is not null then null
        when value_size > {LARGEST_EVENT} then '{TOO_LARGE}'
        when value_size is null or value_size = 0 or text rlike '\\A[ \\t\\r\\n]*\\z' then 'vide'
        when text is null then 'utf8_invalide'
        when variant is null and size(json_object_keys(text)) > size(array_distinct(json_object_keys(text)))
            then 'cle_en_double'
        when variant is null then 'json_invalide'
        else 'pas_un_objet' end""",
}


def bronze_projection(sized: bool = False) -> tuple[list[list[str]], list[str]]:
    """SQL of the intermediate columns, stage by stage, and of Bronze's columns, over the Kafka source's columns.

    `sized`: the source has `value_size`, too; its value is null where it was left in Kafka.
    """
    stages = [["*", *(f"{sql} as {name}" for name, sql in stage.items())] for stage in _STAGES[sized:]]
    return stages, [f"{_EXPRESSIONS[name]} as `{name}`" for name in BRONZE_COLUMNS]
