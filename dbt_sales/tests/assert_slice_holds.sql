{# What the `holds` tests of these tables state, bounded to the slice and in one statement: a plan for each would cost
   the slice seconds.  The tables made from the cube have a test of their own. #}
{{ assertions_of_slice([
    ref('tranches'), ref('ventes_evaluees'), ref('ventes_clean'), ref('ventes_rejetees'), ref('cube_horaire'),
]) }}
