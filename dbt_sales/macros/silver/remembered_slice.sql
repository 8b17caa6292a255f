{# The newest slice, remembered from one run to the next as a view in the gateway's catalogue: to ask `tranches` and the
   ledger after each of their commits is a tenth of a slice.  A run that can change them takes the view away when it has
   the lock; only one that has closed a slice leaves it again.  So after a crash the tables are asked. #}


{# What the view said when this run began; empty without one.  `of`: the table `tranches` that has the slice, because a run
   of another target has its own. #}
{% macro remembered_slice() %}
    {{ return(answers_of_run().get('newest slice', {})) }}
{% endmacro %}


{# Take the view away. #}
{% macro take_remembered_slice() %}
    {%- if execute and flags.WHICH in ('run', 'build', 'retry') -%}
        {%- set script -%}
            begin
                declare found string default '';
                begin
                    declare exit handler for sqlstate '42P01' begin end;
                    set found = (select slice from default.newest_slice);
                    drop view default.newest_slice;
                end;
                select found;
            end
        {%- endset -%}
        {%- set found = run_query(script).rows[0][0] -%}
        {%- if found and not var('rebuild') -%}
            {%- do answers_of_run().update({'newest slice': fromjson(found)}) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# The hook of the ledger: the slice that this run has closed, with the versions that readers now open.  Not if another
   run holds the lock, because this one's lease was over. #}
{% macro remember_slice() %}
    {%- set current = current_slice() -%}
    {%- if execute and not var('rebuild') and current.tranche is not none -%}
        {%- set ends = [] -%}
        {%- for bound in current.bounds -%}
            {%- do ends.append({'kafka_partition': bound.kafka_partition | int, 'to_offset': bound.to_offset | int}) -%}
        {%- endfor -%}
        {%- set slice = {
            'of': ref('tranches') | string, 'tranche': current.tranche | int, 'is_closed': true, 'ends': ends,
            'versions': answers_of_run()['versions'],
        } -%}
        {%- set script -%}
            begin
                declare exit handler for sqlstate '42P01' begin end;
                if exists (select * from default.silver_lock where invocation = '{{ invocation_id }}') then
                    create or replace view default.newest_slice as select '{{ tojson(slice) }}' as slice;
                end if;
            end
        {%- endset -%}
        {%- do run_query(script) -%}
    {%- endif -%}
{% endmacro %}
