{# Assertions on a table, declared beside its columns.  A slice checks them for all tables at once (assert_slice_holds);
   one by one, over the whole history, they run outside slices. #}
{% test holds(model, key, invariants={}, within=none) %}
    {{ config(tags=['outside_slices']) }}
    {{ assertions(model, key, invariants, none, none) }}
{% endtest %}
