{{ config(tags=['watch']) }}
{# Checks what the `holds` tests of the tables of anomalies state, in one statement. #}
{{ declared_assertions([ref('mesures'), ref('attentes'), ref('alertes'), ref('anomalies')]) }}
