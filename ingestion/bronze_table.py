"""The Bronze table: its columns, and how one Kafka record becomes one row.

Every record is kept as it arrived, except for a key, value or headers larger than `KEPT_BYTES`, which stay in Kafka.
If the bytes can be read as one JSON object, the event's fields are stored beside them as text; Silver types and judges
them.
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

# There is one commit a second, so the log is seldom checkpointed and kept for a week, and file statistics are collected
# only for the columns that let readers skip files.
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

# the fields in which a number is valid: only there do its exact digits matter
NUMBERS = ("vente_id", "client_id", "produit_id", "quantite", "montant")
_KNOWN = ", ".join(f"'{name}'" for name in sorted(EVENT_FIELDS))

# The text with every number in quotes, so that each keeps its exact digits.  An escaped quote would end its string
# early, so it is replaced meanwhile, as are the escaped backslashes that could be mistaken for part of it.  JSON never
# contains the characters 1 to 3.
_QUOTED = r"""replace(replace(replace(replace(
    regexp_replace(
        replace(replace(text, '\\\\', '\u0001'), '\\"', '\u0002'),
        '("[^"]*+")|(-?[0-9][-+.0-9eE]*+)', '$1\u0003$2\u0003'
    ),
    '\u0003\u0003', ''), '\u0003', '"'), '\u0002', '\\"'), '\u0001', '\\\\')"""


def _is_double(name: str) -> str:
    """SQL for whether a field is held as a double, as a number with an exponent or more than 38 digits is.

    Asking for the type is expensive, so the text is tested first, which for a double always has a point or is infinite.
    """
    kind = f"schema_of_variant(variant_get(variant, '$.{name}'))"
    return f"members['{name}'] rlike '^-?([0-9]+[.]|I)' and {kind} = 'DOUBLE'"


# from_json accepts more than JSON unless told otherwise
_STRICT = "map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')"
# It passes a number with a point or an exponent through a double.  What is all digits afterwards was a whole number; an
# amount's own digits are taken from the text.
_WHOLE = ", ".join(f"flat['{name}']" for name in NUMBERS if name != "montant")
_AMOUNT = r"""'"montant"[ \t\r\n]*:[ \t\r\n]*([0-9.]+)[ \t\r\n]*[,}]'"""

# A value that is too large is measured and then left alone: each further step over 20 MB of text would copy it.
#
# Nearly every event is ordinary: a flat object with exactly the event's fields, no escapes, and plain numbers.
# from_json reads it in two thirds of the time.  It cannot report a repeated key, a lone surrogate or text after the
# object, but an ordinary event has none of these.
#
# All others are read as a variant.  `variant` keeps decimals exact, and refuses duplicate keys and lone surrogates.  It
# stops reading after the first value.  Nothing can follow a flat object: it has no arrays, and its only } is the last
# byte.  For any other text, the elements of [text] and of [text,0] are counted: they are 1 and 2 only if the text is a
# single value.
_STAGES = (
    {
        "value_size": "length(value)",
    },
    {
        "text": f"case when value_size <= {LARGEST_EVENT} and is_valid_utf8(cast(value as string))"
        " then cast(value as string) end",
    },
    {
        "is_flat": "startswith(text, '{') and endswith(text, '}') and not contains(text, '[')"
        " and not contains(cast(substring(value, 1, length(value) - 1) as string), '}')",
    },
    {
        "flat": "case when is_flat and not contains(text, '\\\\')"
        f" then from_json(text, 'map<string,string>', {_STRICT}) end",
    },
    {
        "amount": f"case when sort_array(map_keys(flat)) = array({_KNOWN}) then regexp_extract(text, {_AMOUNT}, 1) end",
    },
    {
        "is_ordinary": f"coalesce(amount <> '' and not (concat({_WHOLE}) rlike '[^0-9]'), false)",
    },
    {
        "variant": "case when not is_ordinary and (is_flat"
        " or (json_array_length('[' || text || ']') = 1 and json_array_length('[' || text || ',0]') = 2))"
        " then try_parse_json(text) end",
    },
    {
        # null for a value that is not an object; the keys of a variant are in alphabetical order
        "members": "if(is_ordinary, flat, try_variant_get(variant, '$', 'map<string,string>'))",
    },
    {
        # the same with each number's original text, where a double has lost digits; few events need this
        "own_texts": f"case when not is_ordinary and ({' or '.join(f'({_is_double(name)})' for name in NUMBERS)})"
        f" then try_variant_get(try_parse_json({_QUOTED}), '$', 'map<string,string>') end",
    },
)


def _field(name: str) -> str:
    own = f"if(own_texts is null, members['{name}'], own_texts['{name}'])" if name in NUMBERS else f"members['{name}']"
    return f"if(is_ordinary, amount, {own})" if name == "montant" else own


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
    # the first comparisons are enough for most events
    "unknown_fields": f"""case when not is_ordinary and map_keys(members) <> array({_KNOWN})
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
    """SQL for the intermediate columns, stage by stage, and for Bronze's columns, over those of the Kafka source.

    `sized`: the source also has `value_size`, and its value is null if it was left in Kafka.
    """
    stages = [["*", *(f"{sql} as {name}" for name, sql in stage.items())] for stage in _STAGES[sized:]]
    return stages, [f"{_EXPRESSIONS[name]} as `{name}`" for name in BRONZE_COLUMNS]
