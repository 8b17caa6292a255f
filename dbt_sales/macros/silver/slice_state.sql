{# What a run asks the tables about its slice.  Each question is asked once in a run. #}


{# The slice that this run works on, as literals: its number, its bounds for each partition (dicts with
   `kafka_partition`, `from_offset`, `to_offset`), and the lowest and highest `vente_id` in it (none if no event has a
   readable one).  In a rebuild, all slices at once.  `tranche` is none if there is nothing to do, because a closed
   slice is not evaluated again. #}
{% macro current_slice() %}
    {%- set tranches = ref('tranches') -%}
    {%- set nothing = {'tranche': none, 'bounds': [], 'vente_id_min': none, 'vente_id_max': none} -%}
    {%- if not execute or load_relation(tranches) is none -%}
        {{ return(nothing) }}
    {%- endif -%}
    {%- if var('rebuild') -%}
        {%- set bounds = query_once_per_run(
            "select kafka_partition, min(from_offset) as from_offset, max(to_offset) as to_offset, max(tranche) as tranche, "
            ~ "min(vente_id_min) as vente_id_min, max(vente_id_max) as vente_id_max"
            ~ " from " ~ tranches ~ " group by kafka_partition order by kafka_partition"
        ) -%}
    {%- else -%}
        {#- this holds even if it was asked before `tranches` ran: the slice is the one that was open, or else the next
            one -#}
        {%- set newest = newest_slice(tranches) -%}
        {%- set bounds = opened_bounds() or query_once_per_run(
            "select kafka_partition, from_offset, to_offset, tranche, vente_id_min, vente_id_max from " ~ tranches
            ~ " where tranche = " ~ (newest.tranche + (1 if newest.is_closed else 0)) ~ " order by kafka_partition"
        ) -%}
    {%- endif -%}
    {%- if not bounds -%}
        {{ return(nothing) }}
    {%- endif -%}
    {%- set lowest = bounds | map(attribute='vente_id_min') | reject('none') | list -%}
    {%- set highest = bounds | map(attribute='vente_id_max') | reject('none') | list -%}
    {{ return({
        'tranche': bounds[0].tranche,
        'bounds': bounds,
        'vente_id_min': lowest | min if lowest else none,
        'vente_id_max': highest | max if highest else none,
    }) }}
{% endmacro %}


{# The bounds of the slice that this run has opened, as `tranches` has them; empty if it has opened none. #}
{% macro opened_bounds() %}
    {%- set bounds = [] -%}
    {%- for row in appended_rows('tranches') or [] -%}
        {%- set bound = {} -%}
        {%- for name in ('kafka_partition', 'from_offset', 'to_offset', 'tranche', 'vente_id_min', 'vente_id_max') -%}
            {%- do bound.update({name: none if row[name] is none else row[name] | int}) -%}
        {%- endfor -%}
        {%- do bounds.append(bound) -%}
    {%- endfor -%}
    {{ return(bounds) }}
{% endmacro %}


{# The newest slice, whether the ledger has closed it, its end in each partition (dicts with `kafka_partition`,
   `to_offset`), where the next slice starts, and the versions of the tables that readers see (a dict; empty before the
   first publication).  The model `tranches` asks this of itself. #}
{% macro newest_slice(tranches=this) %}
    {%- if not execute or load_relation(tranches) is none -%}
        {{ return({'tranche': 0, 'is_closed': true, 'ends': [], 'versions': {}}) }}
    {%- elif remembered_slice(tranches) and load_relation(ledger_of(tranches)) -%}
        {{ return(remembered_slice(tranches)) }}
    {%- endif -%}
    {%- set ends = query_once_per_run(
        "select kafka_partition, max(to_offset) as to_offset, max(tranche) as tranche, max(tranche) <= "
        ~ of_ledger(tranches, "coalesce(max(tranche), 0)", "0") ~ " as is_closed, "
        ~ of_ledger(tranches, "max_by(versions, tranche)", "null") ~ " as versions"
        ~ " from " ~ tranches ~ " group by kafka_partition order by kafka_partition"
    ) -%}
    {{ return({
        'tranche': ends[0].tranche if ends else 0,
        'is_closed': ends[0].is_closed if ends else true,
        'ends': ends,
        'versions': fromjson(ends[0].versions) if ends and ends[0].versions else {},
    }) }}
{% endmacro %}


{# An aggregate of the ledger, as a subquery, or its value without a ledger.  The ledger is referenced by name: a `ref`
   would be a cycle, because the ledger is made from everything that follows. #}
{% macro of_ledger(tranches, aggregate, otherwise) -%}
    {%- set ledger = ledger_of(tranches) -%}
    {{ "(select " ~ aggregate ~ " from " ~ ledger ~ ")" if load_relation(ledger) else otherwise }}
{%- endmacro %}


{% macro ledger_of(tranches) %}
    {{ return(tranches.incorporate(path={'identifier': 'bilan_ingestion'})) }}
{% endmacro %}


{# The hours in which the slice has valid sales, as a list of literals; empty in a rebuild, which means every hour. #}
{% macro touched_hours() %}
    {%- set evaluated = ref('ventes_evaluees') -%}
    {%- if not execute or var('rebuild') or load_relation(evaluated) is none -%}
        {%- if execute and not var('rebuild') -%}
            {%- if model.resource_type != 'unit_test' and flags.WHICH in ('run', 'build', 'test', 'retry') -%}
                {%- do exceptions.raise_compiler_error(
                    evaluated ~ " does not exist; make the slice from its beginning (`sales silver` or `dbt build`)"
                ) -%}
            {%- endif -%}
        {%- endif -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return(query_once_per_run(
        "select distinct cast(date_trunc('hour', timestamp) as string) as heure from " ~ evaluated
        ~ " where verdict = 'valide' order by 1"
    ) | map(attribute='heure') | list) }}
{% endmacro %}
