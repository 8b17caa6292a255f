{# The text of a JSON value as an exact number: sign and digits, with zeros behind a point allowed.  What would have to
   be rounded, trimmed or guessed is null. #}
{% macro entier(texte, type) -%}
    case
        when {{ texte }} rlike '\\A[+-]?[0-9]+([.]0+)?\\z'
            then try_cast(regexp_replace({{ texte }}, '[.]0+', '') as {{ type }})
    end
{%- endmacro %}


{# The same for money: at most two decimals that are not zero. #}
{% macro montant_exact(texte) -%}
    case
        when {{ texte }} rlike '\\A[+-]?[0-9]+([.][0-9]{1,2}0*)?\\z'
            then try_cast({{ texte }} as decimal(12, 2))
    end
{%- endmacro %}


{# An ISO 8601 date and time; without a zone it is UTC.  Spark's own cast would also take '2025' or '10:30', and the
   year 0; it does not take a zone behind minutes, hence the seconds that are put in. #}
{% macro instant(texte) -%}
    case
        when {{ texte }} rlike
            '\\A(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?\\z'
            then try_cast(
                regexp_replace({{ texte }}, '\\A(.{16})(?!:)', '$1:00') as timestamp
            )
    end
{%- endmacro %}
