"""English of no particular country: months are words, so no day looks like a month, and hours run from 0 to 23."""

from streamlit_app.formats import UNIT, Formats
from streamlit_app.languages import Language

FORMATS = Formats(
    decimal_mark=".",
    thousands=",",
    field_separator=",",
    money="€{}",
    short_money=("€{}", "€{}k", "€{}M"),
    percent="{}%",
    more_than=">{}",
    ages={"day": f"{{}}{UNIT}d ago", "h": f"{{}}{UNIT}h ago", "min": f"{{}}{UNIT}min ago", "s": f"{{}}{UNIT}s ago"},
    instant_pattern="{at.day} {month} {at.year} at {at:%H:%M:%S} UTC",
    periods={
        "hour": f"{{at.day}}{UNIT}{{month}}{UNIT}{{at.year}}, {{at:%H}}:00",
        "day": f"{{at.day}}{UNIT}{{month}}{UNIT}{{at.year}}",
        "month": f"{{month}}{UNIT}{{at.year}}",
        "year": "{at.year}",
    },
    hour="{at:%H}:00",
    ticks={"hour": "%H:%M", "day_hour": "%a %H:%M", "day": "%e %b", "month": "%b %Y", "year": "%Y"},
    months=(
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    short_months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    days=("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    short_days=("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"),
)  # fmt: skip

LABELS = {
    # every page
    "title": "Sales",
    "page_sales": "Sales",
    "page_trends": "Trends",
    "page_products": "Products",
    "page_clients": "Customers",
    "page_trust": "Can I trust this?",
    "language": "Language",
    "footer": "[API](/api/docs) · [Table lineage](/lineage/) · [Metrics](/metrics)",
    # the page of the lineage, until it has been generated
    "lineage": "Table lineage",
    "no_lineage": "The dbt documentation does not exist yet. Run `make docs` or `make airflow`, then reload this page.",
    "to_dashboard": "Back to the dashboard",
    # freshness
    "fresh": "Up to date",
    "stale": "Figures are behind",
    "empty": "Nothing has been published yet. The first figures will appear here as soon as sales arrive.",
    "unreadable": "The published figures cannot be read right now. The page tries again every two seconds.",
    "as_of": "Figures as of {}, {}",
    "slice": "slice {}",
    "newest_sale": "latest sale {}",
    "ahead": "dated {}, ahead of the current time",
    "no_process": "The stream is down: the Bronze process is not running.",
    "failed": "The stream is down: the Bronze process has failed.",
    "waiting": "The stream is down: the Bronze process is waiting for Kafka or Spark.",
    "isolating": "The stream is down: large events made it fail, and they are being read without it.",
    "no_broker": "The stream is down: Kafka is not responding.",
    "unpublished": "An event has been waiting in Kafka for more than 60 seconds without being published.",
    "open_transaction": "A producer has kept a transaction open for more than 60 seconds: "
    "everything sent since then is waiting.",
    "unmeasured": "Freshness has not been measured for 30 seconds.",
    # filters
    "period": "Period",
    "period_help": "Counted back from the latest published sale (UTC hours).",
    # these appear in the page's address
    "period_24h": "24 h",
    "period_7d": "7 d",
    "period_30d": "30 d",
    "period_all": "All",
    "filters": "Filters",
    "pays": "Country",
    "produit": "Product",
    "segment": "Segment",
    "any": "All",
    "unknown_choice": "“{}” is not among the published sales, so this filter is ignored.",
    "download": "Download",
    "no_match": "No sales match these filters.",
    # figures
    "total_montant": "Revenue",
    "nombre_ventes": "Sales",
    "total_quantite": "Items sold",
    "panier_moyen": "Average basket",
    "nombre_clients": "Customers",
    "share": "Share",
    "rank": "Rank",
    "hour": "Hour (UTC)",
    "day": "Day (UTC)",
    "month": "Month (UTC)",
    "year": "Year (UTC)",
    "against": "{} vs {}",
    "evolution": "The last complete hour compared with the one before it (UTC hours).",
    "none_on_the_way": "No sales being verified",
    "way_unknown": "Sales being verified: unknown at the moment",
    "on_the_way_help": "Sales that have arrived since the last slice, checked by the same rules and not published yet.",
    # headings
    "trend_hour": "Revenue by hour",
    "trend_day": "Revenue by day",
    "trend_month": "Revenue by month",
    "trend_year": "Revenue by year",
    "by_product": "By product",
    "by_country": "By country",
    "product_by_country": "Product by country",
    "segments": "Customer segments",
    "top": "Top ten products",
    "by_segment": "By segment",
    "rejections": "Rejected events by reason",
    # the text alternative of a chart
    "table": "Table",
    "running": "{} (in progress)",
    "chart_said": "{}: {}",
    "between_rows": "; ",
    "nothing": "nothing to show.",
    "trend_range": "{}, from “{}” to “{}”: ",
    "trend_extremes": "; highest: {}; lowest: {}.",
    # downloads
    "csv_aggregated_sales": "By product and country (CSV)",
    "csv_hourly_sales": "By hour (CSV)",
    "csv_top_products": "Top products (CSV)",
    # the marts
    "no_gold": "The analyses are not ready yet: they are made a few minutes after the sales.",
    "gold_of": "Analysis of slice {}, made {}. Days are those of the time zone {}.",
    "csv": "CSV",
    "trends_question": "Are we selling more than last week?",
    "last_week": "The last seven complete days, {} to {}, compared with the seven before.",
    "days": "Day by day",
    "days_intro": "The tick marks the same day of the week before. The last day, which is paler, is not over.",
    "jour": "Day",
    "total_montant_j7": "A week before",
    "change": "Change",
    "rhythm": "When do we sell?",
    "rhythm_intro": "The median revenue of each hour of the week, of all sales, over eight weeks.",
    "moment": "Hour of the week",
    "montant_typique": "Median",
    "spread": "Half of the hours",
    "ventes_typiques": "Sales (median)",
    "from_to": "{} to {}",
    "products_question": "Which products make the revenue?",
    "thirty_days": "The last 30 days, {} to {}, compared with the 30 before.",
    "performance": "Ranking",
    "gain_rang": "Places",
    "classe_abc": "Class",
    "abc_intro": "Class A: the products that make the first 80% of the revenue; B: up to 95%; C: the rest.",
    "sales_of": "The sales of",
    "open_sales": "Show these sales",
    "clients_question": "Who are our customers, and do they come back?",
    "classes": "Revenue by class",
    "clients": "The customers",
    "client": "Customer",
    "classe_rfm": "RFM class",
    "all_classes": "All",
    "client_search": "Name or number",
    "recence_jours": "Days since the last purchase",
    "part_recurrente": "Share of repurchases",
    "rfm_intro": (
        "R, F, M: recency, frequency and amount, each from 1 to 5 among all customers. Repurchases are all revenue "
        "after the first purchase."
    ),
    "best_clients": "The best {} of {} customers.",
    "sales_of_client": "Latest sales of",
    "choose": "Choose a customer",
    "vente": "Sale",
    "sold_at": "Sold on",
    "cohorts": "Do they come back?",
    "cohorts_intro": "By month of first purchase: the share of customers who bought so many months later.",
    "cohorte": "First purchase",
    "mois_depuis": "Months since",
    "taux_retention": "Active share",
    "clients_actifs": "Active customers",
    "of": "{} of {}",
    "rfm_champion": "Champion",
    "rfm_fidele": "Loyal",
    "rfm_nouveau": "New",
    "rfm_prometteur": "Promising",
    "rfm_regulier": "Regular",
    "rfm_a_risque": "At risk",
    "rfm_perdu": "Lost",
    # trust
    "trust_intro": (
        "Every event received from Kafka gets exactly one verdict: **valid**, **rejected** or **duplicate**. "
        "Nothing is published until the count adds up."
    ),
    "rows_read": "Read",
    "rows_clean": "Valid",
    "rows_rejected": "Rejected",
    "rows_duplicates": "Duplicates",
    "balanced": "The count adds up: read = valid + rejected + duplicates.",
    "open_lag": "Everything committed in Kafka is published; an open transaction is holding back the rest.",
    "no_lag": "Everything in Kafka is published.",
    "lag_unknown": "Kafka is not responding, so the number of waiting events is unknown.",
    "losses": "Accepted losses",
    "from_offset": "From offset",
    "to_offset": "To offset (exclusive)",
    "events": "Events",
    "accepted_at": "Accepted on",
    "isolated": "Isolated events",
    "size": "Bytes",
    "isolated_at": "Isolated on",
    "follow": "Follow a sale",
    "follow_intro": (
        "A sale number leads to its verdict, its slice, its place in Kafka and its bytes; "
        "partition:offset leads to an event without a readable number."
    ),
    "search": "vente_id or partition:offset",
    "searching": "Searching…",
    "not_a_number": "Enter a vente_id as a whole number, or an event as partition:offset, for example 1:5230.",
    "not_searched": "The events cannot be read right now. Please try again later.",
    "not_found": "No readable event has this vente_id.",
    "no_such_place": "There is no event at this place, or it has not been read yet.",
    "ledger": "The ledger",
    "ledger_intro": "One row per closed slice, newest first.",
    "no_slice": "No slice has been closed yet.",
    "more_slices": "The last {} slices of {}.",
    "quarantine": "The quarantine",
    "quarantine_intro": "Rejected events, kept byte for byte with the reason for each.",
    "nothing_rejected": "No events have been rejected.",
    "rejected_hint": (
        "To follow one of them, enter partition:offset in the search above, or run `sales explain {}` in a terminal."
    ),
    "raison": "Reason",
    "all_reasons": "All",
    "number": "Count",
    "page": "Page (of {})",
    "content": "Content",
    "received_at": "Received on",
    "partition": "Partition",
    "offset": "Offset",
    "tranche": "Slice",
    "closed_at": "Closed on",
    "no_content": "(no content, or too large to show)",
    "tombstone": "No content (tombstone).",
    "only_in_kafka": "The bytes are not in the lake; only Kafka may still hold them.",
}

COUNTED = {
    "trend_total": {"one": "{1} in total from {0} sale", "other": "{1} in total from {0} sales"},
    "and_others": {"one": "; and {} more, in the table.", "other": "; and {} more, in the table."},
    "unbalanced": {
        "one": "The count does not add up: it is off by {} event.",
        "other": "The count does not add up: it is off by {} events.",
    },
    "lag": {
        "one": "{} event is in Kafka and not yet published.",
        "other": "{} events are in Kafka and not yet published.",
    },
    "on_the_way": {
        "one": "+\u00a0{} sale, +\u00a0{}, being verified",
        "other": "+\u00a0{} sales, +\u00a0{}, being verified",
    },
    "more_on_the_way": {
        "one": "More than {} sale, more than {}, being verified",
        "other": "More than {} sales, more than {}, being verified",
    },
    "losses_intro": {
        "one": (
            "{} event lost. Kafka had deleted it before it was read, and somebody has accepted the loss. "
            "It is not counted in any figure."
        ),
        "other": (
            "{} events lost. Kafka had deleted them before they were read, and somebody has accepted the loss. "
            "They are not counted in any figure."
        ),
    },
    "isolated_intro": {
        "one": (
            "{} isolated event. It was too large to be read with the others. It is counted, and rejected as "
            "unreadable; its bytes are only in Kafka."
        ),
        "other": (
            "{} isolated events. They were too large to be read with the others. Each one is counted, and rejected as "
            "unreadable; its bytes are only in Kafka."
        ),
    },
    "bytes_in_hex": {"one": "{} byte, in hexadecimal", "other": "{} bytes, in hexadecimal"},
    "cut_off": {"one": " … ({} byte in total)", "other": " … ({} bytes in total)"},
}

VERDICTS = {
    "valide": "Valid",
    "doublon": "Duplicate",
    "rejete": "Rejected",
    "en_attente": "Pending",
}

REASONS = {
    "illisible": "Unreadable",
    "vente_id_invalide": "Invalid vente_id",
    "client_id_invalide": "Invalid client_id",
    "produit_id_invalide": "Invalid produit_id",
    "timestamp_invalide": "Invalid timestamp",
    "quantite_invalide": "Invalid quantity",
    "montant_invalide": "Invalid amount",
    "quantite_inferieure_a_1": "Quantity below 1",
    "montant_negatif": "Negative amount",
    "client_inconnu": "Unknown customer",
    "produit_inconnu": "Unknown product",
    "timestamp_futur": "Timestamp in the future",
    "conflit": "Conflicts with a known sale",
}

# why an event cannot be read
PARSE_ERRORS = {
    "vide": "no content",
    "utf8_invalide": "not UTF-8",
    "json_invalide": "invalid JSON",
    "cle_en_double": "duplicate key",
    "pas_un_objet": "not a JSON object",
    "trop_grand": "too large",
}


def plural(number: int) -> str:
    return "one" if abs(number) == 1 else "other"


LANGUAGE = Language("English", FORMATS, plural, LABELS, COUNTED, VERDICTS, REASONS, PARSE_ERRORS)
