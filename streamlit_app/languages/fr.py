"""French."""

from streamlit_app.formats import UNIT, Formats
from streamlit_app.languages import Language

FORMATS = Formats(
    decimal_mark=",",
    # a narrow no-break space
    thousands="\u202f",
    field_separator=";",
    money=f"{{}}{UNIT}€",
    short_money=(f"{{}}{UNIT}€", f"{{}}{UNIT}k€", f"{{}}{UNIT}M€"),
    percent=f"{{}}{UNIT}%",
    more_than=f">{UNIT}{{}}",
    ages={
        "day": f"il y a {{}}{UNIT}j",
        "h": f"il y a {{}}{UNIT}h",
        "min": f"il y a {{}}{UNIT}min",
        "s": f"il y a {{}}{UNIT}s",
    },
    instant_pattern="{at:%d/%m/%Y} à {at:%H:%M:%S} UTC",
    periods={
        "hour": f"{{at.day}}{UNIT}{{month}}{UNIT}{{at.year}}, {{at.hour}}{UNIT}h",
        "day": f"{{at.day}}{UNIT}{{month}}{UNIT}{{at.year}}",
        "month": f"{{month}}{UNIT}{{at.year}}",
        "year": "{at.year}",
    },
    hour=f"{{at.hour}}{UNIT}h",
    ticks={"hour": f"%-H{UNIT}h", "day_hour": f"%a %-H{UNIT}h", "day": "%e %b", "month": "%b %Y", "year": "%Y"},
    months=(
        "janvier", "février", "mars", "avril", "mai", "juin",
        "juillet", "août", "septembre", "octobre", "novembre", "décembre",
    ),
    short_months=(
        "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
    ),
    days=("dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"),
    short_days=("dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."),
)  # fmt: skip

LABELS = {
    # every page
    "title": "Ventes",
    "page_sales": "Ventes",
    "page_trends": "Tendances",
    "page_products": "Produits",
    "page_clients": "Clients",
    "page_trust": "Puis-je m'y fier\u00a0?",
    "language": "Langue",
    "footer": "[API](/api/docs) · [Lignage des tables](/lineage/) · [Mesures](/metrics)",
    # the page of the lineage, until it has been generated
    "lineage": "Lignage des tables",
    "no_lineage": "La documentation dbt n'existe pas encore. Lancez `make docs` ou `make airflow`, puis rechargez.",
    "to_dashboard": "Retour au tableau de bord",
    # freshness
    "fresh": "À jour",
    "stale": "Chiffres en retard",
    "empty": "Rien n'est encore publié\u00a0: les premiers chiffres s'afficheront ici dès que des ventes arriveront.",
    "unreadable": (
        "Les chiffres publiés ne peuvent pas être lus pour l'instant. "
        "La page réessaie d'elle-même toutes les deux secondes."
    ),
    "as_of": "Chiffres arrêtés au {}, {}",
    "slice": "tranche {}",
    "newest_sale": "dernière vente {}",
    "ahead": "datée du {}, en avance sur l'heure actuelle",
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
    "period": "Période",
    "period_help": "Comptée jusqu'à la dernière vente publiée (heures UTC).",
    # these appear in the page's address
    "period_24h": "24 h",
    "period_7d": "7 j",
    "period_30d": "30 j",
    "period_all": "Tout",
    "filters": "Filtres",
    "pays": "Pays",
    "produit": "Produit",
    "segment": "Segment",
    "any": "Tous",
    "unknown_choice": "«\u00a0{}\u00a0» n'est pas parmi les ventes publiées\u00a0: ce filtre est ignoré.",
    "download": "Télécharger",
    "no_match": "Aucune vente ne correspond à ces filtres.",
    # figures
    "total_montant": "Chiffre d'affaires",
    "nombre_ventes": "Ventes",
    "total_quantite": "Articles vendus",
    "panier_moyen": "Panier moyen",
    "nombre_clients": "Clients",
    "share": "Part",
    "rank": "Rang",
    "hour": "Heure (UTC)",
    "day": "Jour (UTC)",
    "month": "Mois (UTC)",
    "year": "Année (UTC)",
    "against": "à {}, contre {}",
    "evolution": "Dernière heure complète comparée à la précédente (heures UTC).",
    "none_on_the_way": "Aucune vente en cours de vérification",
    "way_unknown": "Ventes en cours de vérification\u00a0: inconnues pour l'instant",
    "on_the_way_help": "Ventes arrivées depuis la dernière tranche, vérifiées par les mêmes règles, non publiées.",
    # headings
    "trend_hour": "Chiffre d'affaires par heure",
    "trend_day": "Chiffre d'affaires par jour",
    "trend_month": "Chiffre d'affaires par mois",
    "trend_year": "Chiffre d'affaires par an",
    "by_product": "Par produit",
    "by_country": "Par pays",
    "product_by_country": "Produit et pays",
    "segments": "Segments de clientèle",
    "top": "Les dix meilleurs produits",
    "by_segment": "Par segment",
    "rejections": "Événements rejetés par raison",
    # the text alternative of a chart
    "table": "Tableau",
    "running": "{} (en cours)",
    "chart_said": "{}\u00a0: {}",
    "between_rows": "\u00a0; ",
    "nothing": "rien à montrer.",
    "trend_range": "{}, de «\u00a0{}\u00a0» à «\u00a0{}\u00a0»\u00a0: ",
    "trend_extremes": "\u00a0; le plus haut\u00a0: {}\u00a0; le plus bas\u00a0: {}.",
    # downloads
    "csv_aggregated_sales": "Par produit et pays (CSV)",
    "csv_hourly_sales": "Par heure (CSV)",
    "csv_top_products": "Meilleurs produits (CSV)",
    # the marts
    "no_gold": "Les analyses ne sont pas encore prêtes\u00a0: elles sont calculées quelques minutes après les ventes.",
    "gold_of": "Analyse de la tranche {}, calculée {}. Les jours sont ceux du fuseau {}.",
    "csv": "CSV",
    "trends_question": "Vend-on plus que la semaine dernière\u00a0?",
    "last_week": "Les sept derniers jours complets, du {} au {}, comparés aux sept précédents.",
    "days": "Jour par jour",
    "days_intro": "Le trait marque le même jour de la semaine d'avant. Le dernier jour, plus clair, n'est pas terminé.",
    "jour": "Jour",
    "total_montant_j7": "Une semaine avant",
    "change": "Évolution",
    "rhythm": "Quand vend-on\u00a0?",
    "rhythm_intro": "Le chiffre d'affaires médian de chaque heure, toutes ventes confondues, sur huit semaines.",
    "moment": "Heure de la semaine",
    "montant_typique": "Médiane",
    "spread": "La moitié des heures",
    "ventes_typiques": "Ventes (médiane)",
    "from_to": "de {} à {}",
    "products_question": "Quels produits font le chiffre d'affaires\u00a0?",
    "thirty_days": "Les 30 derniers jours, du {} au {}, comparés aux 30 précédents.",
    "performance": "Classement",
    "gain_rang": "Places",
    "classe_abc": "Classe",
    "abc_intro": (
        "Classe A\u00a0: les produits qui font les premiers 80\u00a0% du chiffre d'affaires\u00a0; "
        "B\u00a0: jusqu'à 95\u00a0%\u00a0; C\u00a0: le reste."
    ),
    "sales_of": "Les ventes de",
    "open_sales": "Voir ces ventes",
    "clients_question": "Qui sont nos clients, et reviennent-ils\u00a0?",
    "classes": "Chiffre d'affaires par classe",
    "clients": "Les clients",
    "client": "Client",
    "classe_rfm": "Classe RFM",
    "all_classes": "Toutes",
    "client_search": "Nom ou numéro",
    "recence_jours": "Jours depuis le dernier achat",
    "part_recurrente": "Part des réachats",
    "rfm_intro": (
        "R, F, M\u00a0: récence, fréquence et montant, notés de 1 à 5 parmi tous les clients. La part des réachats est "
        "celle du chiffre d'affaires après le premier achat."
    ),
    "best_clients": "Les {} meilleurs clients sur {}.",
    "sales_of_client": "Ses dernières ventes",
    "choose": "Choisir un client",
    "vente": "Vente",
    "sold_at": "Vendue le",
    "cohorts": "Reviennent-ils\u00a0?",
    "cohorts_intro": "Par mois du premier achat\u00a0: la part des clients qui ont acheté, tant de mois après.",
    "cohorte": "Premier achat",
    "mois_depuis": "Mois depuis",
    "taux_retention": "Part active",
    "clients_actifs": "Clients actifs",
    "of": "{} sur {}",
    "rfm_champion": "Champion",
    "rfm_fidele": "Fidèle",
    "rfm_nouveau": "Nouveau",
    "rfm_prometteur": "Prometteur",
    "rfm_regulier": "Régulier",
    "rfm_a_risque": "À risque",
    "rfm_perdu": "Perdu",
    # trust
    "trust_intro": (
        "Chaque événement reçu de Kafka a un verdict et un seul\u00a0: **valide**, **rejeté** ou **doublon**. "
        "Rien n'est publié tant que le compte n'est pas juste."
    ),
    "rows_read": "Lus",
    "rows_clean": "Valides",
    "rows_rejected": "Rejetés",
    "rows_duplicates": "Doublons",
    "balanced": "Le compte est juste\u00a0: lus = valides + rejetés + doublons.",
    "open_lag": "Tout ce qui est validé dans Kafka est publié\u00a0; une transaction ouverte retient la suite.",
    "no_lag": "Tout ce qui est dans Kafka est publié.",
    "lag_unknown": "Kafka ne répond pas\u00a0: on ne sait pas combien d'événements attendent.",
    "losses": "Pertes acceptées",
    "from_offset": "De l'offset",
    "to_offset": "À l'offset (exclu)",
    "events": "Événements",
    "accepted_at": "Acceptée le",
    "isolated": "Événements isolés",
    "size": "Octets",
    "isolated_at": "Isolé le",
    "follow": "Suivre une vente",
    "follow_intro": (
        "Un numéro de vente mène à son verdict, à sa tranche, à sa place dans Kafka et à ses octets\u00a0; "
        "partition:offset, à un événement sans numéro lisible."
    ),
    "search": "vente_id ou partition:offset",
    "searching": "Recherche…",
    "not_a_number": "Un vente_id est un nombre entier\u00a0; un événement, partition:offset, par exemple 1:5230.",
    "not_searched": "Les événements ne peuvent pas être lus pour l'instant\u00a0; réessayez plus tard.",
    "not_found": "Aucun événement lisible ne porte ce vente_id.",
    "no_such_place": "Il n'y a pas d'événement à cet endroit, ou il n'a pas encore été lu.",
    "ledger": "Le grand livre",
    "ledger_intro": "Une ligne par tranche close, la plus récente d'abord.",
    "no_slice": "Aucune tranche n'est encore close.",
    "more_slices": "Les {} dernières tranches sur {}.",
    "quarantine": "La quarantaine",
    "quarantine_intro": "Les événements rejetés, gardés octet pour octet avec leur raison.",
    "nothing_rejected": "Aucun événement n'a été rejeté.",
    "rejected_hint": (
        "Pour suivre l'un d'eux\u00a0: partition:offset dans la recherche ci-dessus, "
        "ou `sales explain {}` dans un terminal."
    ),
    "raison": "Raison",
    "all_reasons": "Toutes",
    "number": "Nombre",
    "page": "Page (sur {})",
    "content": "Contenu",
    "received_at": "Reçu le",
    "partition": "Partition",
    "offset": "Offset",
    "tranche": "Tranche",
    "closed_at": "Close le",
    "no_content": "(sans contenu, ou trop grand pour être montré)",
    "tombstone": "Sans contenu (tombstone).",
    "only_in_kafka": "Les octets ne sont pas dans le lac de données\u00a0; seul Kafka les a peut-être encore.",
}

COUNTED = {
    "trend_total": {"one": "{1} en tout pour {0} vente", "other": "{1} en tout pour {0} ventes"},
    "and_others": {
        "one": "\u00a0; et {} autre, dans le tableau.",
        "other": "\u00a0; et {} autres, dans le tableau.",
    },
    "unbalanced": {
        "one": "Le compte n'est pas juste\u00a0: {} événement d'écart.",
        "other": "Le compte n'est pas juste\u00a0: {} événements d'écart.",
    },
    "lag": {
        "one": "{} événement est dans Kafka et pas encore publié.",
        "other": "{} événements sont dans Kafka et pas encore publiés.",
    },
    "on_the_way": {
        "one": "+\u00a0{} vente, +\u00a0{}, en cours de vérification",
        "other": "+\u00a0{} ventes, +\u00a0{}, en cours de vérification",
    },
    "more_on_the_way": {
        "one": "Plus de {} vente, plus de {}, en cours de vérification",
        "other": "Plus de {} ventes, plus de {}, en cours de vérification",
    },
    "losses_intro": {
        "one": (
            "{} événement perdu. Kafka l'avait effacé avant qu'il ne soit lu, et quelqu'un a accepté sa perte. "
            "Aucun chiffre ne le compte."
        ),
        "other": (
            "{} événements perdus. Kafka les avait effacés avant qu'ils ne soient lus, et quelqu'un a accepté leur "
            "perte. Aucun chiffre ne les compte."
        ),
    },
    "isolated_intro": {
        "one": (
            "{} événement isolé. Il était trop grand pour être lu avec les autres. Il est compté, et rejeté comme "
            "illisible\u00a0; ses octets ne sont que dans Kafka."
        ),
        "other": (
            "{} événements isolés. Ils étaient trop grands pour être lus avec les autres. Chacun est compté, et rejeté "
            "comme illisible\u00a0; ses octets ne sont que dans Kafka."
        ),
    },
    "bytes_in_hex": {"one": "{} octet, en hexadécimal", "other": "{} octets, en hexadécimal"},
    "cut_off": {"one": " … ({} octet en tout)", "other": " … ({} octets en tout)"},
}

VERDICTS = {
    "valide": "Valide",
    "doublon": "Doublon",
    "rejete": "Rejeté",
    "en_attente": "En attente",
}

REASONS = {
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

# why an event cannot be read
PARSE_ERRORS = {
    "vide": "sans contenu",
    "utf8_invalide": "pas en UTF-8",
    "json_invalide": "JSON invalide",
    "cle_en_double": "clé en double",
    "pas_un_objet": "pas un objet JSON",
    "trop_grand": "trop grand",
}


def plural(number: int) -> str:
    """Zero is singular in French."""
    return "one" if abs(number) < 2 else "other"


LANGUAGE = Language("Français", FORMATS, plural, LABELS, COUNTED, VERDICTS, REASONS, PARSE_ERRORS)
