{# Refuses what this project's macros cannot honour, before a run's first statement, with the rule, the value and the
   way out.  In the middle of a run it would be too late: dbt drops a table before it asks for the statement that
   creates it again. #}
{% macro refuse_what_is_not_honoured() %}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'snapshot', 'test', 'retry') -%}
        {%- set refusals = refused_variables() + refused_options() -%}
        {#- `dbt retry` does not say what it has selected -#}
        {%- for node in graph.nodes.values() if not selected_resources or node.unique_id in selected_resources -%}
            {%- do refusals.extend(refused_settings(node)) -%}
        {%- endfor -%}
        {%- if refusals -%}
            {%- do exceptions.raise_compiler_error(refusals | join('\n  ')) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro refused_variables() %}
    {%- set refusals = [] -%}
    {%- for name in ('rebuild', 'whole_slices', 'rebuild_gold') if var(name) is not boolean -%}
        {%- do refusals.append("the variable " ~ name ~ " must be true or false, got " ~ tojson(var(name))) -%}
    {%- endfor -%}
    {%- set events = var('max_offsets_per_tranche') -%}
    {%- if events is not integer or events < 1 -%}
        {%- do refusals.append(
            "the variable max_offsets_per_tranche must be a whole number >= 1, got " ~ tojson(events)
        ) -%}
    {%- endif -%}
    {{ return(refusals) }}
{% endmacro %}


{% macro refused_options() %}
    {%- set refusals = [] -%}
    {%- set missing = missing_of_a_slice() -%}
    {%- set published = nodes_of_a_slice() + nodes_of_gold() -%}
    {%- set touched = published | select('in', selected_resources) | list or not selected_resources -%}
    {%- for option in ('empty', 'sample') if invocation_args_dict.get(option) and touched -%}
        {%- do refusals.append(
            "--" ~ option ~ " would leave events out of a slice or of Gold; use it without their models (--select)"
        ) -%}
    {%- endfor -%}
    {%- if invocation_args_dict.get('defer') and touched -%}
        {%- do refusals.append(
            "--defer would read the slices of another schema; use it without the models of Silver and Gold (--select)"
        ) -%}
    {%- endif -%}
    {%- if var('rebuild') is true and missing and flags.WHICH in ('run', 'build', 'retry') -%}
        {%- do refusals.append(
            "a rebuild makes every table of Silver again, and this run leaves out " ~ missing[:3] | join(', ')
            ~ (' ...' if missing | length > 3) ~ "; use `sales silver rebuild`"
        ) -%}
    {%- endif -%}
    {{ return(refusals) }}
{% endmacro %}


{% macro refused_settings(node) %}
    {%- set refusals = [] -%}
    {%- set said = node.resource_type ~ ' ' ~ node.name ~ ': ' -%}
    {%- set config = node.config -%}
    {%- set meta = config.meta or {} -%}
    {%- set is_stored = config.materialized in ('table', 'incremental', 'seed', 'snapshot') -%}
    {%- if node.get('language') == 'python' -%}
        {%- do refusals.append(said ~ "the gateway runs no Python models; write it in SQL") -%}
    {%- endif -%}
    {%- if config.materialized == 'materialized_view' -%}
        {%- do refusals.append(said ~ "Spark has no materialized views; use materialized: table") -%}
    {%- endif -%}
    {%- if is_stored and config.get('file_format') != 'delta' -%}
        {%- do refusals.append(
            said ~ "file_format must be delta, got " ~ tojson(config.get('file_format'))
            ~ "; the gateway registers no other tables when it starts"
        ) -%}
    {%- endif -%}
    {%- if is_stored and config.get('location_root') and config.location_root.split('/')[-1] != node.schema -%}
        {%- do refusals.append(
            said ~ "location_root must end in its schema /" ~ node.schema ~ ", got " ~ config.location_root
            ~ "; the gateway registers tables by their folder when it starts"
        ) -%}
    {%- endif -%}
    {%- for option in ('clustered_by', 'liquid_clustered_by') if config.get(option) -%}
        {%- do refusals.append(said ~ option ~ " is not supported here; use partition_by") -%}
    {%- endfor -%}
    {%- for scope in ('merge_scope', 'replace_scope') if meta[scope] and meta[scope] not in context -%}
        {%- do refusals.append(said ~ "meta." ~ scope ~ " must name a macro, got " ~ meta[scope] ~ "; there is none") -%}
    {%- endfor -%}
    {%- for option in ('merge_update_columns', 'merge_exclude_columns') if config.get(option) -%}
        {%- for other in ('insert_only', 'merge_scope', 'replace_scope') if meta[other] -%}
            {%- do refusals.append(said ~ option ~ " has no effect beside meta." ~ other ~ "; drop one") -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if config.materialized == 'view' and node.resource_type == 'model' -%}
        {%- set table = load_relation(api.Relation.create(schema=node.schema, identifier=node.alias)) -%}
        {%- if table and not table.is_view -%}
            {%- do refusals.append(
                said ~ "a view would take the place of the table " ~ table ~ ", whose files stay; give it another name"
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(refusals) }}
{% endmacro %}
