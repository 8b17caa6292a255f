"""Every word that the pages show, in French; the rest of the program speaks English."""

from typing import Any

LABELS = {
    # pages
    "title": "Ventes",
    "page_ventes": "Ventes",
    "page_confiance": "Puis-je m'y fier\u00a0?",
    # freshness
    "fresh": "À jour",
    "stale": "Chiffres en retard",
    "empty": "Rien n'est encore publié\u00a0: les premiers chiffres s'afficheront ici dès que des ventes arriveront.",
    "unreadable": (
        "Les chiffres publiés ne peuvent pas être lus pour l'instant. "
        "La page réessaie d'elle-même toutes les deux secondes."
    ),
    "as_of": "Chiffres arrêtés au",
    "newest_vente": "dernière vente",
    "datee_du": "datée du",
    "en_avance": "en avance sur l'heure actuelle",
    "tranche": "tranche",
    "no_process": "Le flux est à l'arrêt\u00a0: le processus Bronze ne tourne pas.",
    "failed": "Le flux est à l'arrêt\u00a0: le processus Bronze a échoué.",
    "waiting": "Le flux est à l'arrêt\u00a0: le processus Bronze attend Kafka ou Spark.",
    "isolating": "Le flux est à l'arrêt\u00a0: de gros événements l'ont fait échouer, ils sont lus sans lui.",
    "no_broker": "Le flux est à l'arrêt\u00a0: Kafka ne répond pas.",
    "unpublished": "Un événement attend dans Kafka depuis plus de 60 secondes sans être publié.",
    "open_transaction": "Un producteur garde une transaction ouverte depuis plus de 60 secondes\u00a0: "
    "ce qui a été envoyé depuis attend.",
    "unmeasured": "La fraîcheur n'a pas pu être mesurée depuis 30 secondes.",
    # filters
    "periode": "Période",
    "periode_help": "Comptée jusqu'à la dernière vente publiée (heures UTC).",
    "filtres": "Filtres",
    "pays": "Pays",
    "produit": "Produit",
    "segment": "Segment",
    "tous": "Tous",
    "toutes": "Toutes",
    "unknown_choice": "«\u00a0{}\u00a0» n'est pas parmi les ventes publiées\u00a0: ce filtre est ignoré.",
    "telecharger": "Télécharger",
    "no_match": "Aucune vente ne correspond à ces filtres.",
    # figures
    "total_montant": "Chiffre d'affaires",
    "nombre_ventes": "Ventes",
    "total_quantite": "Articles vendus",
    "panier_moyen": "Panier moyen",
    "nombre_clients": "Clients",
    "part": "Part",
    "rank": "Rang",
    "hour": "Heure (UTC)",
    "day": "Jour (UTC)",
    "month": "Mois (UTC)",
    "year": "Année (UTC)",
    # headings
    "tendance_hour": "Chiffre d'affaires par heure",
    "tendance_day": "Chiffre d'affaires par jour",
    "tendance_month": "Chiffre d'affaires par mois",
    "tendance_year": "Chiffre d'affaires par an",
    "par_produit": "Par produit",
    "par_pays": "Par pays",
    "produit_pays": "Produit et pays",
    "segments": "Segments de clientèle",
    "top": "Les dix meilleurs produits",
    "par_segment": "Par segment",
    "en_cours": " (en cours)",
    # a chart for those who do not see it
    "tableau": "Tableau",
    "tendance_dite": (
        "{}, de «\u00a0{}\u00a0» à «\u00a0{}\u00a0»\u00a0: {} en tout pour {} ventes\u00a0; "
        "le plus haut\u00a0: {}\u00a0; le plus bas\u00a0: {}."
    ),
    "et_autres": "\u00a0; et {} autres, dans le tableau.",
    "rien": "rien à montrer.",
    "rejets": "Événements rejetés par raison",
    "against": "à {}\u00a0h, contre {}\u00a0h",
    "evolution": "Dernière heure complète comparée à la précédente (heures UTC).",
    "csv_produit_pays": "Par produit et pays (CSV)",
    "csv_heures": "Par heure (CSV)",
    "csv_top": "Meilleurs produits (CSV)",
    # trust
    "confiance_intro": (
        "Chaque événement reçu de Kafka a un verdict et un seul\u00a0: **valide**, **rejeté** ou **doublon**. "
        "Rien n'est publié tant que le compte n'est pas juste."
    ),
    "rows_read": "Lus",
    "rows_clean": "Valides",
    "rows_rejected": "Rejetés",
    "rows_duplicates": "Doublons",
    "balanced": "Le compte est juste\u00a0: lus = valides + rejetés + doublons.",
    "unbalanced": "Le compte n'est pas juste\u00a0: {} événements d'écart.",
    "lag": "{} événements sont dans Kafka et pas encore publiés.",
    "open_lag": "Tout ce qui est validé dans Kafka est publié\u00a0; une transaction ouverte retient la suite.",
    "no_lag": "Tout ce qui est dans Kafka est publié.",
    "lag_unknown": "Kafka ne répond pas\u00a0: on ne sait pas combien d'événements attendent.",
    "pertes": "Pertes acceptées",
    "pertes_intro": (
        "Événements perdus\u00a0: {}. Kafka les avait effacés avant qu'ils ne soient lus, et quelqu'un a accepté leur "
        "perte. Aucun chiffre ne les compte."
    ),
    "du_offset": "De l'offset",
    "au_offset": "À l'offset (exclu)",
    "evenements": "Événements",
    "acceptee_le": "Acceptée le",
    "isoles": "Événements isolés",
    "isoles_intro": (
        "Événements isolés\u00a0: {}. Ils étaient trop grands pour être lus avec les autres. Chacun est compté, et "
        "rejeté comme illisible\u00a0; ses octets ne sont que dans Kafka."
    ),
    "taille": "Octets",
    "isole_le": "Isolé le",
    "suivre": "Suivre une vente",
    "suivre_intro": (
        "Un numéro de vente mène à son verdict, à sa tranche, à sa place dans Kafka et à ses octets\u00a0; "
        "partition:offset, à un événement sans numéro lisible."
    ),
    "recherche": "vente_id ou partition:offset",
    "searching": "Recherche…",
    "not_a_number": "Un vente_id est un nombre entier\u00a0; un événement, partition:offset, par exemple 1:5230.",
    "not_searched": "Les événements ne peuvent pas être lus pour l'instant\u00a0; réessayez plus tard.",
    "not_found": "Aucun événement lisible ne porte ce vente_id.",
    "no_such_place": "Il n'y a pas d'événement à cet endroit, ou il n'a pas encore été lu.",
    "grand_livre": "Le grand livre",
    "grand_livre_intro": "Une ligne par tranche close, la plus récente d'abord.",
    "no_slice": "Aucune tranche n'est encore close.",
    "more_slices": "Les {} dernières tranches sur {}.",
    "quarantaine": "La quarantaine",
    "quarantaine_intro": "Les événements rejetés, gardés octet pour octet avec leur raison.",
    "nothing_rejected": "Aucun événement n'a été rejeté.",
    "rejected_hint": (
        "Pour suivre l'un d'eux\u00a0: partition:offset dans la recherche ci-dessus, "
        "ou `sales explain {}` dans un terminal."
    ),
    "raison": "Raison",
    "nombre": "Nombre",
    "page": "Page (sur {})",
    "contenu": "Contenu",
    "recu": "Reçu le",
    "partition": "Partition",
    "offset": "Offset",
    "tranche_no": "Tranche",
    "closed_at": "Close le",
    "octets": "{} octets, en hexadécimal",
    "tronque": " … ({} octets en tout)",
    "vide": "(sans contenu, ou trop grand pour être montré)",
    "tombstone": "Sans contenu (tombstone).",
}

# label, colour and icon of each verdict
VERDICTS: dict[str, tuple[str, Any, str]] = {
    "valide": ("Valide", "green", ":material/check_circle:"),
    "doublon": ("Doublon", "blue", ":material/content_copy:"),
    "rejete": ("Rejeté", "red", ":material/block:"),
    "en_attente": ("En attente", "orange", ":material/hourglass_empty:"),
}

RAISONS = {
    "illisible": "Illisible",
    "vente_id_invalide": "vente_id invalide",
    "client_id_invalide": "client_id invalide",
    "produit_id_invalide": "produit_id invalide",
    "timestamp_invalide": "Horodatage invalide",
    "quantite_invalide": "Quantité invalide",
    "montant_invalide": "Montant invalide",
    "quantite_inferieure_a_1": "Quantité inférieure à 1",
    "montant_negatif": "Montant négatif",
    "client_inconnu": "Client inconnu",
    "produit_inconnu": "Produit inconnu",
    "timestamp_futur": "Horodatage dans le futur",
    "conflit": "En conflit avec une vente connue",
}

# why an unreadable event is unreadable
PARSE_ERRORS = {
    "vide": "sans contenu",
    "utf8_invalide": "pas en UTF-8",
    "json_invalide": "JSON invalide",
    "cle_en_double": "clé en double",
    "pas_un_objet": "pas un objet JSON",
    "trop_grand": "trop grand",
}
