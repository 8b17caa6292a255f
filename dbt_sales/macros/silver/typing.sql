{# The text of a JSON value as an exact number: sign and digits, with zeros behind a point allowed, or an exponent.  What
   would have to be rounded, trimmed or guessed is null. #}
{% macro exact_integer(text, type) -%}
    case
        when {{ text }} rlike '\\A[+-]?[0-9]+([.]0+)?\\z'
            then try_cast(regexp_replace({{ text }}, '[.]0+', '') as {{ type }})
        else try_cast({{ from_exponent(text, decimals=0) }} as {{ type }})
    end
{%- endmacro %}


{# The same for money: at most two decimals that are not zero.  Zeros behind them are cut: a cast takes the square of their
   number in time, a minute for the two million that an event has room for. #}
{% macro exact_montant(text) -%}
    case
        when {{ text }} rlike '\\A[+-]?0*[0-9]{1,10}([.][0-9]{1,2}0*)?\\z'
            then try_cast(regexp_replace({{ text }}, '([.][0-9]{1,2})0*\\z', '$1') as decimal(12, 2))
        else try_cast({{ from_exponent(text, decimals=2) }} * 0.01 as decimal(12, 2))
    end
{%- endmacro %}


{# A number with an exponent, in units of its last decimal; null where that is not whole, or not a bigint.  The point is
   moved in the text, among as many zeros as three digits of exponent can ask for: no cast is exact and bounded. #}
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


{# An ISO 8601 date and time from 1970 on; without a zone it is UTC.  Spark's own cast would also take '2025' or '10:30';
   it does not take small letters, nor a zone behind minutes, hence the seconds that are put in. #}
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
