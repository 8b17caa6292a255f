{# The text of a JSON value as an exact integer: sign and digits, with zeros after a decimal point allowed, or an
   exponent.  A value that would have to be rounded, trimmed or guessed becomes null. #}
{% macro exact_integer(text, type) -%}
    case
        when {{ text }} rlike '\\A[+-]?[0-9]+([.]0+)?\\z'
            then try_cast(regexp_replace({{ text }}, '[.]0+', '') as {{ type }})
        else try_cast({{ from_exponent(text, decimals=0) }} as {{ type }})
    end
{%- endmacro %}


{# The same for money: at most two decimals, followed by any number of zeros.  Those zeros are cut, because the time of
   a cast grows with the square of their number: a minute for the two million that fit into an event. #}
{% macro exact_montant(text) -%}
    case
        when {{ text }} rlike '\\A[+-]?0*[0-9]{1,10}([.][0-9]{1,2}0*)?\\z'
            then try_cast(regexp_replace({{ text }}, '([.][0-9]{1,2})0*\\z', '$1') as decimal(12, 2))
        else try_cast({{ from_exponent(text, decimals=2) }} * 0.01 as decimal(12, 2))
    end
{%- endmacro %}


{# A number with an exponent, in units of its last decimal; null if that is not a whole number, or does not fit a
   bigint.  The point is moved within the text, among as many zeros as a three-digit exponent can need, because no cast
   is both exact and bounded. #}
{% macro from_exponent(text, decimals) -%}
    case
        when {{ text }} rlike '\\A[+-]?[0-9]+([.][0-9]+)?[eE][+-]?0*[0-9]{1,3}\\z'
            then try_cast(
                regexp_replace(
                    overlay(
                        regexp_replace(
                            {{ text }},
                            '([0-9]+)(?:[.]([0-9]+))?[eE].+',
                            concat(repeat('0', 1001), '$1$2', repeat('0', 1001))
                        ),
                        '.',
                        1002
                        + length(regexp_extract({{ text }}, '[+-]?[0-9]+', 0))
                        + cast(regexp_extract({{ text }}, '[eE](.+)', 1) as int)
                        + {{ decimals }},
                        0
                    ),
                    '[.]0*\\z',
                    ''
                ) as bigint
            )
    end
{%- endmacro %}


{# An ISO 8601 date and time from 1970 on; without a zone it is UTC.  Spark's own cast would also accept '2025' or
   '10:30'.  It accepts neither lower-case letters nor a zone after minutes, so the text is put into upper case and
   seconds are inserted. #}
{% macro instant(text) -%}
    {%- set moment -%}
        try_cast(regexp_replace(upper({{ text }}), '\\A(.{16})(?!:)', '$1:00') as timestamp)
    {%- endset -%}
    case
        when
            {{ text }} rlike
            '\\A[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)?\\z'
            and {{ moment }} >= timestamp '1970-01-01'
            then {{ moment }}
    end
{%- endmacro %}
