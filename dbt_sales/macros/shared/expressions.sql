{# Expressions for the models of every layer. #}


{# A value is one of these, which are in order.  If they are many, it lies between the first and the last: a list of ten
   thousand takes Spark longer than the rows between. #}
{% macro is_one_of(value, type, values) -%}
    {%- if not values -%}
        false
    {%- elif values | length > 1000 -%}
        {{ value }} between {{ type }} '{{ values | first }}' and {{ type }} '{{ values | last }}'
    {%- else -%}
        {{ value }} in (
            {%- for each in values -%}
                {{ type }} '{{ each }}'{{ ', ' if not loop.last }}
            {%- endfor -%}
        )
    {%- endif -%}
{%- endmacro %}


{% macro utc_now() -%}
    {{ modules.datetime.datetime.now(modules.pytz.utc).isoformat() if execute }}
{%- endmacro %}
