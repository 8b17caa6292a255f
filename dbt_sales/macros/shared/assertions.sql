{# Checks several assertions on a table, and returns a row (table_checked, rule, rows_broken) for each that is broken: the
   key is present and unique, and each invariant is true of every row.

   `within` limits the check to what the run may have changed: `tranche` to the slice's own rows, `vente_id` to every
   sale in its range of numbers, including old sales, `publication` to what a run of Gold has added, `date_arrivee` to the
   days of arrival that it has written. #}
{% macro assertions(relation, key, invariants, within, current) -%}
    select
        '{{ relation.identifier }}' as table_checked,
        rule,
        rows_broken
    from (
        select
            stack(
                {{ invariants | length + 2 }},
                'key is null', count_if({{ key | join(' is null or ') }} is null),
                'key is not unique', count(*) - count(distinct struct({{ key | join(', ') }})){{ ',' if invariants }}
                {%- for rule, expression in invariants.items() %}
                '{{ rule }}', count_if(not coalesce({{ expression }}, false)){{ ',' if not loop.last }}
                {%- endfor %}
            ) as (rule, rows_broken)
        from {{ relation }}
        {% if within == 'tranche' -%}
            where tranche = {{ current.tranche or 0 }}
        {%- elif within == 'vente_id' -%}
            where vente_id between {{ current.vente_id_min or 0 }} and {{ current.vente_id_max or 0 }}
        {%- elif within == 'publication' -%}
            where publication = {{ gold_state().publication }}
        {%- elif within == 'date_arrivee' %}
            where {{ days_of_measures() }}
        {%- endif %}
    )
    where rows_broken > 0
{%- endmacro %}


{# The same for several tables, from the `holds` tests in the models' own files. #}
{% macro declared_assertions(tables, current=none) -%}
    {%- set declared = [] -%}
    {%- for test in (graph.nodes.values() if execute else []) if (test.test_metadata or {}).name == 'holds' -%}
        {%- set given = test.test_metadata.kwargs -%}
        {%- for table in tables if table.identifier == graph.nodes[test.attached_node].alias -%}
            {%- do declared.append(assertions(
                table, given.key, given.get('invariants', {}),
                given.get('within') if (current and not var('rebuild')) or given.get('within') in ('publication', 'date_arrivee') else none,
                current
            )) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ declared | join(' union all ') }}
{%- endmacro %}
