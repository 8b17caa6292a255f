{# One run at a time: the follower, `sales silver` and a `dbt` typed by hand take turns, so that no run meets another's
   half-made slice, and no MERGE loses against another's.

   The lock is a schema in the gateway's catalogue: creating it is atomic, costs 20 ms, and it is gone when the gateway
   is.  Its comment says who holds it, and until when.  `sales silver` and the follower free the lock of a run whose
   process is dead (ingestion/silver.py); the lease is for what they cannot see. #}
{% macro prendre_le_verrou(attente_s=180) %}
    {%- set bail_s = 3600 if var('rebuild') else 900 -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'test', 'retry') -%}
        {%- set etat = namespace(a_nous=false) -%}
        {%- for essai in range(attente_s * 2) if not etat.a_nous -%}
            {%- set fin = (modules.datetime.datetime.now() + modules.datetime.timedelta(seconds=bail_s)).timestamp() | int -%}
            {%- do run_query(
                "create schema if not exists verrou_silver comment '" ~ invocation_id ~ " " ~ fin
                ~ " " ~ env_var('SALES_HOLDER', '') ~ "'"
            ) -%}
            {%- set porteur = porteur_du_verrou() -%}
            {%- if porteur[0] == invocation_id and essai == 0 -%}
                {%- set etat.a_nous = true -%}
            {%- elif porteur[0] == invocation_id -%}
                {#- another that waited too may have dropped ours for the expired one it had seen #}
                {%- do run_query("select java_method('java.lang.Thread', 'sleep', 1000L)") -%}
                {%- set etat.a_nous = porteur_du_verrou()[0] == invocation_id -%}
            {%- elif porteur | length > 1 and porteur[1] | int < fin - bail_s -%}
                {%- do run_query("drop schema if exists verrou_silver") -%}
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
    {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'test', 'retry') -%}
        {%- if porteur_du_verrou()[0] == invocation_id -%}
            {%- do run_query("drop schema if exists verrou_silver") -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# The words of the lock's comment: invocation, end of its lease in epoch seconds, host and process. #}
{% macro porteur_du_verrou() %}
    {%- set presents = run_query("show schemas like 'verrou_silver'").rows -%}
    {%- if not presents -%}
        {{ return(['']) }}
    {%- endif -%}
    {%- for ligne in run_query("describe schema verrou_silver").rows -%}
        {%- if ligne[0] == 'Comment' -%}
            {{ return(ligne[1].split(' ')) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(['']) }}
{% endmacro %}
