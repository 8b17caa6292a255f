{# The slice that this run works on, as literals: its number, its bounds for each partition, and the lowest and
   highest `vente_id` in it (none where no event has a readable one).  In a rebuild, all slices at once.  `tranche` is
   none where there is nothing to do: what is closed is not evaluated again. #}
{% macro tranche_courante() %}
    {%- set tranches = ref('tranches') -%}
    {%- set aucune = {'tranche': none, 'bornes': [], 'vente_id_min': none, 'vente_id_max': none} -%}
    {%- if not execute or load_relation(tranches) is none -%}
        {{ return(aucune) }}
    {%- endif -%}
    {%- if var('rebuild') -%}
        {%- set rows = interroger_une_fois(
            "select kafka_partition, min(from_offset), max(to_offset), max(tranche), min(vente_id_min), max(vente_id_max)"
            ~ " from " ~ tranches ~ " group by kafka_partition order by kafka_partition"
        ) -%}
    {%- else -%}
        {#- asked before `tranches` was run, the answer holds still: what was open is the slice, else the one it opened -#}
        {%- set derniere = derniere_tranche(tranches) -%}
        {%- set rows = interroger_une_fois(
            "select kafka_partition, from_offset, to_offset, tranche, vente_id_min, vente_id_max from " ~ tranches
            ~ " where tranche = " ~ (derniere.tranche + (1 if derniere.fermee else 0)) ~ " order by kafka_partition"
        ) -%}
    {%- endif -%}
    {%- if not rows -%}
        {{ return(aucune) }}
    {%- endif -%}
    {%- set plus_petits = rows | map(attribute=4) | reject('none') | list -%}
    {%- set plus_grands = rows | map(attribute=5) | reject('none') | list -%}
    {{ return({
        'tranche': rows[0][3],
        'bornes': rows | map('list') | list,
        'vente_id_min': plus_petits | min if plus_petits else none,
        'vente_id_max': plus_grands | max if plus_grands else none,
    }) }}
{% endmacro %}


{# Condition on a Bronze row: its offset lies in the slice. #}
{% macro dans_la_tranche(courante) -%}
    {%- if not courante.bornes -%}
        false
    {%- endif -%}
    {%- for borne in courante.bornes -%}
        {{ ' or ' if not loop.first }}(
            kafka_partition = {{ borne[0] }}
            and kafka_offset >= {{ borne[1] }}
            and kafka_offset < {{ borne[2] }}
        )
    {%- endfor -%}
{%- endmacro %}


{# The newest slice that the ledger has closed, as a subquery.  The ledger is asked by name: a `ref` would be a cycle,
   since it is made from everything that follows. #}
{% macro derniere_fermee(tranches) -%}
    {%- set bilan = tranches.incorporate(path={'identifier': 'bilan_ingestion'}) -%}
    {{ "(select coalesce(max(tranche), 0) from " ~ bilan ~ ")" if load_relation(bilan) else "0" }}
{%- endmacro %}


{# The newest slice, whether the ledger has closed it, and where it ended: what the next one starts from.  The model
   `tranches` asks it of itself. #}
{% macro derniere_tranche(tranches=this) %}
    {%- if not execute or load_relation(tranches) is none -%}
        {{ return({'tranche': 0, 'fermee': true, 'bornes': []}) }}
    {%- endif -%}
    {%- set rows = interroger_une_fois(
        "select kafka_partition, max(to_offset), max(tranche), max(tranche) <= " ~ derniere_fermee(tranches)
        ~ " from " ~ tranches ~ " group by kafka_partition order by kafka_partition"
    ) -%}
    {{ return({
        'tranche': rows[0][2] if rows else 0,
        'fermee': rows[0][3] if rows else true,
        'bornes': rows | map('list') | list,
    }) }}
{% endmacro %}


{# Condition on a Bronze row: no slice has taken it yet.  A partition that no slice knows is taken whole, whatever its
   number: partitions speak in any order. #}
{% macro apres_la_tranche(derniere) -%}
    {%- if not derniere.bornes -%}
        true
    {%- else -%}
        kafka_partition not in ({{ derniere.bornes | map(attribute=0) | join(', ') }})
    {%- endif -%}
    {%- for borne in derniere.bornes %}
        or (kafka_partition = {{ borne[0] }} and kafka_offset >= {{ borne[1] }})
    {%- endfor -%}
{%- endmacro %}


{# Where the last slice ended, as rows (kafka_partition, to_offset); none before the first slice. #}
{% macro bornes_connues(derniere) -%}
    {%- for borne in derniere.bornes -%}
        {{ ' union all ' if not loop.first }}select {{ borne[0] }} as kafka_partition, {{ borne[1] }}L as to_offset
    {%- else -%}
        select cast(null as int) as kafka_partition, cast(null as bigint) as to_offset where false
    {%- endfor -%}
{%- endmacro %}


{# The hours in which the slice has valid sales, as a list of literals; in a rebuild, none: every hour. #}
{% macro heures_touchees() %}
    {%- set evaluees = ref('ventes_evaluees') -%}
    {%- if not execute or var('rebuild') or load_relation(evaluees) is none -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return(interroger_une_fois(
        "select distinct cast(date_trunc('hour', timestamp) as string) from " ~ evaluees
        ~ " where verdict = 'valide' order by 1"
    ) | map(attribute=0) | list) }}
{% endmacro %}


{# The sales of earlier slices that a copy in this one could repeat.  `ventes_clean` is asked by name: a `ref` would be
   a cycle, since it is made from what this feeds.  In a rebuild there are none: all slices are judged at once. #}
{% macro ventes_connues(courante) -%}
    {%- set ventes_clean = none -%}
    {%- if execute and not var('rebuild') and courante.vente_id_min is not none -%}
        {%- set ventes_clean = load_relation(api.Relation.create(schema=model.schema, identifier='ventes_clean')) -%}
    {%- endif -%}
    {%- if ventes_clean -%}
        select vente_id, client_id, produit_id, timestamp, quantite, montant
        from {{ ventes_clean }}
        where
            tranche < {{ courante.tranche }}
            and vente_id between {{ courante.vente_id_min }} and {{ courante.vente_id_max }}
    {%- else -%}
        select
            cast(null as bigint) as vente_id, cast(null as int) as client_id, cast(null as int) as produit_id,
            cast(null as timestamp) as timestamp, cast(null as int) as quantite, cast(null as decimal(12, 2)) as montant
        where false
    {%- endif -%}
{%- endmacro %}


{# CTE `numerotees`: the rows with their slice.  A run has one slice; a rebuild finds each row's slice as the last one
   that starts at or before its offset. #}
{% macro numeroter_tranches(ventes, courante) -%}
    {%- if not var('rebuild') -%}
numerotees as (

    select
        *,
        {{ courante.tranche or 0 }} as tranche
    from {{ ventes }}

),
    {%- else -%}
debuts as (

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
        max(tranche) as debut
    from (
        select kafka_partition, kafka_offset, tranche from debuts
        union all
        select kafka_partition, kafka_offset, null from {{ ventes }}
    )
    group by kafka_partition, kafka_offset

),

tranches_par_offset as (

    select
        kafka_partition,
        kafka_offset,
        max(debut) over (partition by kafka_partition order by kafka_offset) as tranche
    from offsets

),

numerotees as (

    select
        {{ ventes }}.*,
        tranches_par_offset.tranche
    from {{ ventes }}
    inner join tranches_par_offset
        on
            {{ ventes }}.kafka_partition = tranches_par_offset.kafka_partition
            and {{ ventes }}.kafka_offset = tranches_par_offset.kafka_offset

),
    {%- endif %}
{%- endmacro %}


{# Condition on a sale: it lies in one of these hours.  The days and the outer bounds let Delta skip files. #}
{% macro dans_les_heures(heures) -%}
    {%- if not heures -%}
        false
    {%- else -%}
        date_vente in (
            {%- for jour in heures | map('truncate', 10, true, '', 0) | unique -%}
                date '{{ jour }}'{{ ', ' if not loop.last }}
            {%- endfor -%}
        )
        and timestamp >= timestamp '{{ heures | first }}'
        and timestamp < timestamp '{{ heures | last }}' + interval 1 hour
        and date_trunc('hour', timestamp) in (
            {%- for heure in heures -%}
                timestamp '{{ heure }}'{{ ', ' if not loop.last }}
            {%- endfor -%}
        )
    {%- endif -%}
{%- endmacro %}


{# What a merge of the slice can meet, as a condition on dbt's `DBT_INTERNAL_DEST`: literals, so that Delta opens only the files
   that can hold those keys, and its cost follows the slice, not the history.  A model names its own in `meta`. #}
{% macro ventes_de_la_tranche() -%}
    {%- set courante = tranche_courante() -%}
    {%- if courante.vente_id_min is none -%}
        false
    {%- else -%}
        DBT_INTERNAL_DEST.vente_id between {{ courante.vente_id_min }} and {{ courante.vente_id_max }}
    {%- endif -%}
{%- endmacro %}


{% macro offsets_de_la_tranche() -%}
    {%- set bornes = tranche_courante().bornes -%}
    {%- if not bornes -%}
        false
    {%- else -%}
        DBT_INTERNAL_DEST.kafka_offset >= {{ bornes | map(attribute=1) | min }}
        and DBT_INTERNAL_DEST.kafka_offset < {{ bornes | map(attribute=2) | max }}
    {%- endif -%}
{%- endmacro %}


{% macro heures_de_la_tranche() -%}
    {%- set heures = heures_touchees() -%}
    {%- if not heures -%}
        false
    {%- else -%}
        DBT_INTERNAL_DEST.heure between timestamp '{{ heures | first }}' and timestamp '{{ heures | last }}'
    {%- endif -%}
{%- endmacro %}
