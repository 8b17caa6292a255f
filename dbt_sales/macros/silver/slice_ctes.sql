{# Queries for the models' CTEs. #}


{# Where the newest slice ended, as rows (kafka_partition, to_offset); no rows before the first slice. #}
{% macro known_ends(newest) -%}
    {%- for end in newest.ends -%}
        {{ ' union all ' if not loop.first }}select {{ end.kafka_partition }} as kafka_partition, {{ end.to_offset }}L as to_offset
    {%- else -%}
        select cast(null as int) as kafka_partition, cast(null as bigint) as to_offset where false
    {%- endfor -%}
{%- endmacro %}


{# The slice's bounds, as rows of `tranches`; in a rebuild, those of all slices. #}
{% macro bounds_of_slice(current) -%}
    {%- if var('rebuild') -%}
        select tranche, kafka_partition, from_offset, to_offset from {{ ref('tranches') }}
    {%- else -%}
        {%- for bound in current.bounds -%}
            {{ ' union all ' if not loop.first }}select {{ current.tranche }} as tranche, {{ bound.kafka_partition }} as kafka_partition,
            {{ bound.from_offset }}L as from_offset, {{ bound.to_offset }}L as to_offset
        {%- else -%}
            select cast(null as int) as tranche, cast(null as int) as kafka_partition,
            cast(null as bigint) as from_offset, cast(null as bigint) as to_offset
            where false
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{# The sales of earlier slices that a copy in this one could repeat.  `ventes_clean` is referenced by name: a `ref`
   would be a cycle, because that table is made from what this query feeds.  In a rebuild there are none, because all
   slices are judged at once. #}
{% macro known_ventes(current) -%}
    {%- set ventes_clean = none -%}
    {%- if execute and not var('rebuild') and current.vente_id_min is not none -%}
        {%- set ventes_clean = load_relation(api.Relation.create(schema=model.schema, identifier='ventes_clean')) -%}
    {%- endif -%}
    {%- if ventes_clean -%}
        select vente_id, client_id, produit_id, timestamp, quantite, montant
        from {{ ventes_clean }}
        where
            tranche < {{ current.tranche }}
            and vente_id between {{ current.vente_id_min }} and {{ current.vente_id_max }}
    {%- else -%}
        select
            cast(null as bigint) as vente_id, cast(null as int) as client_id, cast(null as int) as produit_id,
            cast(null as timestamp) as timestamp, cast(null as int) as quantite, cast(null as decimal(12, 2)) as montant
        where false
    {%- endif -%}
{%- endmacro %}


{# The rows with their slice.  A run has one slice; a rebuild finds each row's slice as the last one that starts at or
   before its offset. #}
{% macro numbered_by_slice(ventes, current) -%}
    {%- if not var('rebuild') -%}
    select
        *,
        {{ current.tranche or 0 }} as tranche
    from {{ ventes }}
    {%- else -%}
    with

    starts as (

        select
            kafka_partition,
            from_offset as kafka_offset,
            tranche
        from {{ ref('tranches') }}
        where from_offset < to_offset

    ),

    offsets as (

        select
            kafka_partition,
            kafka_offset,
            max(tranche) as start
        from (
            select kafka_partition, kafka_offset, tranche from starts
            union all
            select kafka_partition, kafka_offset, null from {{ ventes }}
        )
        group by kafka_partition, kafka_offset

    ),

    slice_by_offset as (

        select
            kafka_partition,
            kafka_offset,
            max(start) over (partition by kafka_partition order by kafka_offset) as tranche
        from offsets

    )

    select
        {{ ventes }}.*,
        slice_by_offset.tranche
    from {{ ventes }}
    inner join slice_by_offset
        on
            {{ ventes }}.kafka_partition = slice_by_offset.kafka_partition
            and {{ ventes }}.kafka_offset = slice_by_offset.kafka_offset
    {%- endif %}
{%- endmacro %}
