{# Before a slice is cut, the tables that only ever grow go back to what readers see, where a run has left them otherwise:
   a slice that is still open was begun by a run that failed or was killed, perhaps under another rule; a rebuild that
   did not end has left new tables beside old ones.  Nothing of either was published. #}
{% macro revenir_au_publie() %}
    {%- if execute and flags.WHICH in ('run', 'build', 'retry') -%}
        {%- set bilan = load_relation(this.incorporate(path={'identifier': 'bilan_ingestion'})) -%}
        {%- if var('rebuild') -%}
            {#- gone when the rebuild's last table, the ledger itself, is replaced #}
            {%- do run_query("alter table " ~ bilan ~ " set tblproperties ('" ~ REBUILD() ~ "' = 'begun')") if bilan -%}
        {%- else -%}
            {%- set derniere = derniere_tranche() -%}
            {%- set rebuild = bilan and 'begun' in run_query(
                "show tblproperties " ~ bilan ~ " ('" ~ REBUILD() ~ "')"
            ).rows[0][1] -%}
            {%- if rebuild or not derniere.fermee -%}
                {%- do restaurer(derniere, bilan) -%}
            {%- endif -%}
            {%- if rebuild -%}
                {%- do run_query("alter table " ~ bilan ~ " unset tblproperties ('" ~ REBUILD() ~ "')") -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro REBUILD() -%}
    sales.rebuild
{%- endmacro %}


{% macro restaurer(derniere, bilan) %}
    {%- set rows = run_query("select max_by(versions, tranche) from " ~ bilan).rows if bilan else [] -%}
    {%- set versions = fromjson(rows[0][0]) if rows and rows[0][0] else none -%}
    {%- if not versions and derniere.tranche > 1 -%}
        {%- do exceptions.raise_compiler_error(
            "slices before " ~ derniere.tranche ~ " are closed, but the gateway does not know their ledger; start the "
            ~ "gateway again: it registers the tables of the lake"
        ) -%}
    {%- endif -%}
    {%- for identifier in ['ventes_clean', 'ventes_rejetees', 'cube_horaire'] -%}
        {%- set relation = load_relation(this.incorporate(path={'identifier': identifier})) -%}
        {%- if relation and versions -%}
            {%- do run_query("restore table " ~ relation ~ " to version as of " ~ versions[identifier]) -%}
        {%- elif relation -%}
            {%- do run_query("delete from " ~ relation) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
