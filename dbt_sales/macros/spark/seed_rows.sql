{# The file read again, with each cell as it is written: dbt reads an empty cell and the text Null, in upper or lower
   case, as no value, but a client may be called Null.  A missing cell stays none. #}
{% macro seed_as_written(agate_table, types) %}
    {%- if agate_table.column_names | list != types | list -%}
        {%- do exceptions.raise_compiler_error(
            'row 1: must be ' ~ types | join(',') ~ ', got ' ~ tojson(agate_table.column_names | join(','))
        ) -%}
    {%- endif -%}
    {%- for type in agate_table.column_types -%}
        {%- do type.null_values.clear() -%}
    {%- endfor -%}
    {{ return(agate_table.from_csv(
        agate_table.original_abspath, column_types=agate_table.column_types, encoding='utf-8-sig'
    )) }}
{% endmacro %}


{# The first fault in the rows, for a dbt typed by hand; our own commands and the DAG's first task report more, and
   earlier (ingestion/catalogue.py).  The header is row 1, and the first column is the key. #}
{% macro seed_fault(agate_table, types) %}
    {%- set patterns = {'int': '-?[0-9]{1,10}', 'decimal(12,2)': '[0-9]{1,10}([.][0-9]{1,2})?'} -%}
    {%- set keys = {} -%}
    {%- for row in agate_table.rows -%}
        {%- set place = 'row ' ~ (loop.index + 1) ~ ', column ' -%}
        {%- for name in agate_table.column_names -%}
            {%- set value = row[name] -%}
            {%- if value is none or not value.strip() -%}
                {{ return(place ~ name ~ ': must not be empty') }}
            {%- elif value != value.strip() or not value.isprintable() -%}
                {{ return(place ~ name ~ ': must be plain text, got ' ~ tojson(value)) }}
            {%- elif not modules.re.fullmatch(patterns.get(types[name], '.*'), value) -%}
                {{ return(place ~ name ~ ': must be ' ~ types[name] ~ ', got ' ~ tojson(value)) }}
            {%- endif -%}
        {%- endfor -%}
        {%- if row[0] | int in keys -%}
            {{ return(place ~ agate_table.column_names[0] ~ ': ' ~ row[0] ~ ' is already in an earlier row') }}
        {%- endif -%}
        {%- do keys.update({row[0] | int: true}) -%}
    {%- endfor -%}
    {{ return(none if keys else 'must have at least one row below the header') }}
{% endmacro %}


{# The file's rows as text, cast to the seed's declared types, so that no number passes through a float.  A column
   without a declared type has the type that dbt infers.  `$` is escaped, because Spark would replace ${name} in a
   statement with the value of a setting. #}
{% macro seed_select(agate_table, types, names=none) %}
    {%- set names = names or agate_table.column_names -%}
    select
    {%- for name in agate_table.column_names %}
        {%- set type = types.get(name) or adapter.convert_type(agate_table, loop.index0) %}
        cast({{ names[loop.index0] }} as {{ type }}) as {{ names[loop.index0] }}{{ ',' if not loop.last }}
    {%- endfor %}
    from values
    {%- for row in agate_table.rows %}
        (
        {%- for value in row -%}
            {%- if value is none -%}
                null
            {%- else -%}
                '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") | replace("$", "\\u0024") }}'
            {%- endif -%}
            {{ ', ' if not loop.last }}
        {%- endfor -%}
        ){{ ',' if not loop.last }}
    {%- else %}
        ({{ (['null'] * names | length) | join(', ') }})
    {%- endfor %}
    as seed ({{ names | join(', ') }})
    {{ 'where false' if not agate_table.rows }}
{% endmacro %}
