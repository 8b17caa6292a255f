{# Checks what the `holds` tests of these tables state, limited to the slice and in one statement, because a plan for
   each would cost the slice seconds.  The other published sums have a separate test. #}
{{ declared_assertions([
    ref('tranches'), ref('ventes_evaluees'), ref('ventes_clean'), ref('ventes_rejetees'), ref('cube_horaire'),
], current_slice()) }}
