{# One run at a time: the follower, `sales silver` and a `dbt` typed by hand take turns, so that no run meets another's
   half-made slice, and no MERGE loses against another's.

   The lock is a view in the gateway's catalogue: creating it is atomic, and it is gone when the gateway is.  Its only row
   says who holds it, and until when.  `sales silver`, the follower and the DAG free the lock of a run whose process is
   dead (ingestion/silver/slices.py); the lease is for what they cannot see. #}
{% macro prendre_le_verrou(attente_s=180) %}
    {%- set bail_s = 3600 if var('rebuild') else 900 -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'snapshot', 'test', 'retry') -%}
        {%- set etat = namespace(a_nous=false) -%}
        {%- for essai in range(attente_s * 2) if not etat.a_nous -%}
            {%- set maintenant = modules.datetime.datetime.now().timestamp() | int -%}
            {%- set porteur = demander_le_verrou(maintenant + bail_s) -%}
            {%- if porteur.invocation == invocation_id and essai == 0 -%}
                {%- set etat.a_nous = true -%}
            {%- elif porteur.invocation == invocation_id -%}
                {#- another that waited too may have dropped ours for the expired one it had seen #}
                {%- do run_query("select java_method('java.lang.Thread', 'sleep', 1000L)") -%}
                {%- set etat.a_nous = porteur_du_verrou().invocation == invocation_id -%}
            {%- elif porteur.invocation and porteur.fin < maintenant -%}
                {%- do liberer_le_verrou(porteur.invocation) -%}
            {%- else -%}
                {%- if essai == 0 -%}
                    {%- do log("waiting for another Silver run to end", info=true) -%}
                {%- endif -%}
                {%- do run_query("select java_method('java.lang.Thread', 'sleep', 500L)") -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if not etat.a_nous -%}
            {%- do exceptions.raise_compiler_error(
                "another Silver run holds the lock for more than " ~ attente_s ~ " s; see `sales status`, or run again"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro rendre_le_verrou() %}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'snapshot', 'test', 'retry') -%}
        {%- do liberer_le_verrou(invocation_id) -%}
    {%- endif -%}
{% endmacro %}


{# Free the lock if that invocation holds it, and no other. #}
{% macro liberer_le_verrou(invocation) %}
    {%- set liberation -%}
        begin
            declare exit handler for sqlstate '42P01' begin end;
            if exists (select * from default.verrou_silver where invocation = '{{ invocation }}') then
                drop view default.verrou_silver;
            end if;
        end
    {%- endset -%}
    {%- do run_query(liberation) -%}
{% endmacro %}


{# Take the lock where it is free; who holds it now. #}
{% macro demander_le_verrou(fin) %}
    {%- set prise -%}
        begin
            declare exit handler for sqlstate '42P07' begin end;
            create view default.verrou_silver as
            select
                '{{ invocation_id }}' as invocation,
                {{ fin }} as fin,
                '{{ env_var("SALES_HOLDER", "") }}' as processus;
        end;
    {%- endset -%}
    {{ return(porteur_du_verrou(prise)) }}
{% endmacro %}


{# The row of the lock: invocation, end of its lease in epoch seconds, the process; an empty invocation where nobody
   holds it.  One statement: between two the holder may give it back. #}
{% macro porteur_du_verrou(dabord='') %}
    {%- set lecture -%}
        begin
            declare exit handler for sqlstate '42P01' select '' as invocation, 0 as fin, '' as processus;
            {{ dabord }}
            select invocation, fin, processus from default.verrou_silver;
        end
    {%- endset -%}
    {{ return(run_query(lecture).rows[0]) }}
{% endmacro %}
