{# The newest slice, remembered from one run to the next as a view in the gateway's catalogue: to ask `tranches` and the
   ledger after each of their commits is a tenth of a slice.  What is remembered counts only while both tables are still at
   the commits that it names; whoever starts a run says which are the newest (SALES_COMMITS, from
   ingestion/silver/slices.py).  A `dbt` typed by hand does not say it, and asks the tables. #}


{# What the last run remembered, if it is still true; otherwise empty. #}
{% macro remembered_slice(tranches) %}
    {%- set found = answers_of_run().get('remembered slice', {}) -%}
    {%- set is_true = found and found.of == tranches | string and found.commits == env_var('SALES_COMMITS', '') -%}
    {{ return(found if is_true else {}) }}
{% endmacro %}


{# Take the view away: only a run that closes a slice leaves it again.  A run that touches no slice, as those of Gold, does
   not need it. #}
{% macro take_remembered_slice() %}
    {%- set runs = execute and flags.WHICH in ('run', 'build', 'retry') -%}
    {%- if runs and (not selected_resources or nodes_of_a_slice() | select('in', selected_resources) | list) -%}
        {%- set script -%}
            begin
                declare found string default '';
                declare exit handler for sqlexception select '' as slice;
                set found = (select slice from default.newest_slice);
                drop view default.newest_slice;
                select found as slice;
            end
        {%- endset -%}
        {%- do answers_of_run().update({'remembered slice': fromjson(run_query(script).rows[0][0], {})}) -%}
    {%- endif -%}
{% endmacro %}


{# The hook of the ledger: the slice that this run has closed, with the versions that readers now open.  The slice is
   closed already, so nothing here may fail: without the view, the next run asks the tables. #}
{% macro remember_slice() %}
    {%- set current = current_slice() -%}
    {%- set commits = [answers_of_run().get('version of tranches'), committed_version()] -%}
    {%- set versions = answers_of_run().get('versions') -%}
    {%- if execute and not var('rebuild') and current.tranche is not none and none not in commits and versions -%}
        {%- set ends = [] -%}
        {%- for bound in current.bounds -%}
            {%- do ends.append({'kafka_partition': bound.kafka_partition | int, 'to_offset': bound.to_offset | int}) -%}
        {%- endfor -%}
        {%- set slice = {
            'of': ref('tranches') | string, 'commits': commits | join(' '), 'tranche': current.tranche | int,
            'is_closed': true, 'ends': ends, 'versions': versions,
        } -%}
        {%- set script -%}
            begin
                declare exit handler for sqlexception begin end;
                create or replace view default.newest_slice as select '{{ tojson(slice) }}' as slice;
            end
        {%- endset -%}
        {%- do run_query(script) -%}
    {%- endif -%}
{% endmacro %}
