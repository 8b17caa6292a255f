{# Checks what the `holds` tests of the marts state, in one statement. #}
{{ declared_assertions([
    ref('ventes_journalieres'), ref('performance_produits'), ref('valeur_clients'), ref('cohortes_clients'),
    ref('saisonnalite'), ref('clients_mensuels'), ref('previsions_horaires'), ref('previsions_journalieres'),
    ref('evaluation_previsions'),
]) }}
