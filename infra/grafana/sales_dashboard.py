"""From the broker to the page on one screen: are the figures fresh, complete and fast, and is everything healthy?"""

from infra.grafana.panel_types import MUST_BE_ONE, NONE_ALLOWED, PLAIN, Dashboard, Panel, Row, above, below

FRESH = Row(
    "Is it fresh?",
    5,
    (
        Panel("Oldest unpublished sale", "max(sales_oldest_unpublished_seconds)", "s",
              "How long the oldest unpublished event has been in Kafka. The page warns after 60 s, which is normal for "
              "a short time when runs start every two minutes. After 300 s somebody is paged.",
              above(60, 300), "stat", 3),
        Panel("Published", "max(sales_data_age_seconds)", "s",
              "Time since the newest slice was closed; no slice is closed while nothing arrives.",
              above(300, 900), "stat", 3),
        Panel("Newest sale", "max(sales_newest_vente_age_seconds)", "s",
              "Age of the newest published sale. A quiet source makes it old, so a high value alone is not a fault.",
              PLAIN, "stat", 3),
        Panel("Watch overdue", "max(sales_watch_overdue_seconds)", "s",
              "How much longer than the interval of Gold what arrived has waited to be searched for anomalies. After "
              "1800 s there is a ticket.",
              above(900, 1800), "stat", 3),
        Panel("Oldest unpublished sale over time", "max(sales_oldest_unpublished_seconds)", "s",
              "The first panel over time; the lines mark the warning on the page and the alert.",
              above(60, 300), width=6, legend="oldest"),
        Panel("Waiting events", {"for Bronze": "sum(sales_stream_lag_events)",
                                 "for publication": "max(sales_lag_events)"}, "short",
              "Events in Kafka that Bronze has not read, and unpublished events. Each run empties the second line.",
              above(1000, 10000), width=6),
    ),
)  # fmt: skip

COMPLETE = Row(
    "Is it complete?",
    5,
    (
        Panel("Without exactly one verdict", "sum(sales_ledger_unbalanced_events)", "short",
              "Events read minus clean, rejected and duplicate ones, over all closed slices. Anything but 0 is wrong.",
              (("red", None), ("green", 0), ("red", 1)), "stat", 4),
        Panel("Lost in gaps", "sum(sales_stream_gap_events)", "short",
              "Events that Kafka deleted before Bronze read them, without the gaps that somebody has accepted.",
              NONE_ALLOWED, "stat", 4),
        Panel("Open slice", "max(sales_open_slice_age_seconds)", "s",
              "How long the current slice has been open; 0 between runs. After 600 s somebody is paged.",
              above(300, 600), "stat", 4),
        Panel("Verdicts a minute", "60 * sum by (verdict) (rate(sales_ledger_events_total[5m]))", "short",
              "Published events by verdict: clean, rejected, duplicate.",
              PLAIN, width=6, legend="{{verdict}}"),
        Panel("Rejected in an hour", "topk(5, sum by (raison) (increase(ventes_rejected_total[1h])))", "short",
              "The five most frequent reasons; the glossary explains them. A jump opens a ticket.",
              PLAIN, width=6, legend="{{raison}}", only_under_fault=True),
    ),
)  # fmt: skip

FAST = Row(
    "Is it fast?",
    5,
    (
        Panel("Events a second, stage by stage",
              {"into Kafka": 'sum(rate(kafka_topic_messages_in_total{topic="ventes_stream"}[5m]))',
               "into Bronze": "sum(rate(sales_stream_rows_total[5m]))",
               "published": "sum(rate(sales_ledger_read_events_total[5m]))"}, "short",
              "The same events at three stages; events wait where a line stays below that of the stage before.",
              PLAIN, width=8),
        Panel("Duration of a step",
              {"micro-batch": "max(sales_stream_batch_seconds)", "dbt run": "max(sales_dbt_run_seconds)",
               "DAG run": 'max(airflow_dag_last_run_seconds{dag="unified_sales_pipeline"})'}, "s",
              "The last duration of each. A DAG run starts every 120 s: a longer run delays the next one.",
              above(90, 120), width=8),
        Panel("Response time of the API",
              {"p50": "histogram_quantile(0.5, sum by (le) "
                      '(rate(sales_api_request_seconds_bucket{route=~"/api.*"}[5m])))',
               "p99": "histogram_quantile(0.99, sum by (le) "
                      '(rate(sales_api_request_seconds_bucket{route=~"/api.*"}[5m])))'}, "s",
              "Response time over all replicas and the dashboard; empty while there are no requests.",
              above(0.1, 0.5), width=8),
    ),
)  # fmt: skip

HEALTHY = Row(
    "Is it healthy?",
    5,
    (
        Panel("Alerts", 'count(ALERTS{alertstate="firing"}) or vector(0)', "short",
              "Firing alerts, including silenced ones. The list is on the right.", NONE_ALLOWED, "stat", 2),
        Panel("Brokers", 'sum(up{job="kafka"})', "short",
              "Brokers that answer, of three. With two the stack continues, with one it cannot write.",
              below(3, 2), "stat", 2),
        Panel("Workers", "max(metrics_master_aliveWorkers_Value)", "short",
              "Spark workers that the master knows, of three.", below(3, 2), "stat", 2),
        Panel("Stream", "max(sales_stream_up)", "bool_on_off",
              "On while Bronze runs its stream.", MUST_BE_ONE, "stat", 2),
        Panel("Anomalies", 'sum(sales_anomalies_open{acknowledged="false"})', "short",
              "Open incidents that nobody has acknowledged; the page Alerts shows them.", NONE_ALLOWED, "stat", 2),
        Panel("Free disk", "min(sales_disk_free_bytes / sales_disk_size_bytes)", "percentunit",
              "Free share of the lake's or the state's disk, whichever is fuller. Below a tenth somebody is paged.",
              below(0.2, 0.1), "stat", 2),
        Panel("Services that answer", "min by (job) (up)", "bool_on_off",
              "Each scraped job; red when one of its targets does not answer.",
              MUST_BE_ONE, "state-timeline", 6, "{{job}}"),
        Panel("Firing alerts", 'ALERTS{alertstate="firing"}', "none",
              "The runbook has an entry for each alert; docs/monitoring.md lists them.",
              NONE_ALLOWED, "table", 6, only_under_fault=True),
    ),
)  # fmt: skip

DASHBOARD = Dashboard(
    "sales-streaming",
    "Sales: from broker to page",
    "Fresh, complete, fast, healthy: one row each.",
    (FRESH, COMPLETE, FAST, HEALTHY),
)
