{# Assertions on a table, stated beside its columns.  A slice asks them of all tables at once (assert_slice_holds); one by
   one, and over the whole history, they run outside slices. #}
{% test holds(model, key, invariants={}, within=none) %}
    {{ config(tags=['outside_slices']) }}
    {{ assertions(model, key, invariants, none, none) }}
{% endtest %}
