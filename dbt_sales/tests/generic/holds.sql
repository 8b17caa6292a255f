{# Several assertions on a table in one query: the key is there and unique, and each invariant is true of every row.

   `within` bounds it to what the slice may have changed: `tranche` its own rows, `vente_id` every sale in its range of
   numbers, old ones too.  The result names each broken rule and how many rows break it. #}
{% test holds(model, key, invariants={}, within=none) %}
    {%- set courante = tranche_courante() if within == 'vente_id' else none %}

with

examinees as (

    select * from {{ model }}
    {% if within == 'tranche' -%}
        where tranche = (select max(tranche) from {{ ref('tranches') }})
    {%- elif within == 'vente_id' and courante.vente_id_min is not none -%}
        where vente_id between {{ courante.vente_id_min or 0 }} and {{ courante.vente_id_max or 0 }}
    {%- endif %}

),

comptes as (

    select
        stack(
            {{ invariants | length + 2 }},
            'key is null', count_if({{ key | join(' is null or ') }} is null),
            'key is not unique', count(*) - count(distinct struct({{ key | join(', ') }})){{ ',' if invariants }}
            {%- for rule, expression in invariants.items() %}
            '{{ rule }}', count_if(not coalesce({{ expression }}, false)){{ ',' if not loop.last }}
            {%- endfor %}
        ) as (regle, lignes)
    from examinees

)

select * from comptes
where lignes > 0

{% endtest %}
