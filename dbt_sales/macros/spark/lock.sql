{# One run at a time: the follower, `sales silver` and a `dbt` typed by hand take turns, so that no run sees another's
   unfinished slice, and no MERGE fails because of another's.

   The lock is a view in the gateway's catalogue: creating it is atomic, and it disappears with the gateway.  Its only
   row says who holds it, and until when.  `sales silver`, the follower and the DAG free the lock of a run whose process
   is dead (ingestion/silver/slices.py); the lease covers the cases that they cannot see. #}
{% macro acquire_lock(wait_s=180) %}
    {%- set lease_s = 3600 if var('rebuild') or var('rebuild_gold') else 900 -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'snapshot', 'test', 'retry') -%}
        {%- set state = namespace(is_ours=false, has_waited=false) -%}
        {%- for attempt in range(wait_s * 2) if not state.is_ours -%}
            {%- set now = modules.datetime.datetime.now().timestamp() | int -%}
            {%- set holder = try_lock(now + lease_s) -%}
            {%- if holder.invocation == invocation_id and attempt == 0 -%}
                {%- set state.is_ours = true -%}
            {%- elif holder.invocation == invocation_id -%}
                {#- another waiting run may have dropped ours in place of the expired lock that it had seen #}
                {%- do run_query("select java_method('java.lang.Thread', 'sleep', 1000L)") -%}
                {%- set state.is_ours = lock_holder().invocation == invocation_id -%}
            {%- elif holder.invocation and holder.lease_end < now -%}
                {%- do free_lock(holder.invocation) -%}
            {%- else -%}
                {%- set state.has_waited = true -%}
                {%- if attempt == 0 -%}
                    {%- do log("waiting for another Silver run to end", info=true) -%}
                {%- endif -%}
                {%- do run_query("select java_method('java.lang.Thread', 'sleep', 500L)") -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if state.is_ours and state.has_waited -%}
            {%- do notice_new_tables() -%}
        {%- elif not state.is_ours -%}
            {%- do exceptions.raise_compiler_error(
                "another Silver run holds the lock for more than " ~ wait_s ~ " s; see `sales status`, or run again"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# dbt has asked for the tables that exist before this run had the lock, and would create again, and fail, what another
   run has created meanwhile: tell it of those. #}
{% macro notice_new_tables() %}
    {%- set nodes = graph.nodes.values() | selectattr('resource_type', 'in', ['model', 'seed']) | list -%}
    {%- for schema in nodes | map(attribute='schema') | unique -%}
        {%- set there = run_query("show tables in " ~ schema).columns['tableName'].values() | list
            if adapter.check_schema_exists(none, schema) else [] -%}
        {%- for node in nodes if node.schema == schema and node.alias in there -%}
            {%- set relation = api.Relation.create(
                schema=schema, identifier=node.alias, type='table', is_delta=node.config.file_format == 'delta'
            ) -%}
            {%- do adapter.cache_added(relation) if load_relation(relation) is none -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}


{% macro release_lock() %}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'snapshot', 'test', 'retry') -%}
        {%- do free_lock(invocation_id) -%}
    {%- endif -%}
{% endmacro %}


{# Free the lock if that invocation holds it, but not if another does. #}
{% macro free_lock(invocation) %}
    {%- set script -%}
        begin
            declare exit handler for sqlstate '42P01' begin end;
            if exists (select * from default.silver_lock where invocation = '{{ invocation }}') then
                drop view default.silver_lock;
            end if;
        end
    {%- endset -%}
    {%- do run_query(script) -%}
{% endmacro %}


{# Take the lock if it is free, and return its holder. #}
{% macro try_lock(lease_end) %}
    {%- set script -%}
        begin
            declare exit handler for sqlstate '42P07' begin end;
            create view default.silver_lock as
            select
                '{{ invocation_id }}' as invocation,
                {{ lease_end }} as lease_end,
                '{{ env_var("SALES_HOLDER", "") }}' as process;
        end;
    {%- endset -%}
    {{ return(lock_holder(script)) }}
{% endmacro %}


{# The row of the lock: invocation, end of its lease in epoch seconds, process.  The invocation is empty if the lock is
   free.  This is one statement, because the holder could release the lock between two. #}
{% macro lock_holder(first='') %}
    {%- set script -%}
        begin
            declare exit handler for sqlstate '42P01' select '' as invocation, 0 as lease_end, '' as process;
            {{ first }}
            select invocation, lease_end, process from default.silver_lock;
        end
    {%- endset -%}
    {{ return(run_query(script).rows[0]) }}
{% endmacro %}
