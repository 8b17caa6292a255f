"""The metrics that rules and dashboards may use, by the job that exports them."""

import re

DASHBOARD = {
    # figures
    "sales_stale",
    "sales_oldest_unpublished_seconds",
    "sales_lag_events",
    "sales_open_transaction_seconds",
    "sales_lake_readable",
    "sales_published_tranche",
    "sales_data_age_seconds",
    "sales_newest_vente_age_seconds",
    # Gold
    "sales_gold_tranche",
    "sales_gold_overdue_seconds",
    # the provisional figures
    "sales_tail_known",
    "sales_tail_sales",
    "sales_tail_comparisons_total",
    # what is out of the ordinary
    "sales_anomalies_open",
    "sales_acknowledgements_unreadable",
    "sales_watch_overdue_seconds",
    # the Bronze stream
    "sales_stream_up",
    "sales_stream_rows_total",
    "sales_stream_batches_total",
    "sales_stream_batch_seconds",
    "sales_stream_rows_per_second",
    "sales_stream_last_commit_timestamp_seconds",
    "sales_stream_lag_events",
    "sales_stream_gap_events",
    "sales_stream_isolated_events",
    "sales_stream_isolated_timestamp_seconds",
    # the ledger
    "sales_ledger_read_events_total",
    "sales_ledger_events_total",
    "sales_ledger_unbalanced_events",
    "sales_open_slice_age_seconds",
    "ventes_rejected_total",
    # tables
    "sales_table_last_commit_timestamp_seconds",
    "sales_table_version",
    "sales_table_files",
    "sales_table_size_bytes",
    # dbt
    "sales_dbt_runs_total",
    "sales_dbt_run_timestamp_seconds",
    "sales_dbt_run_seconds",
    "sales_dbt_node_seconds",
    "sales_dbt_node_succeeded",
    # the producer
    "sales_producer_events_total",
    "sales_producer_unacknowledged_total",
    "sales_producer_last_acknowledged_timestamp_seconds",
    # the DAGs, as they report themselves
    "sales_dag_task_failures_total",
    "sales_dag_late_runs_total",
    "sales_dag_last_run_succeeded",
    "sales_dag_last_run_timestamp_seconds",
    "sales_maintenance_timestamp_seconds",
    "sales_maintenance_files",
    "sales_maintenance_bytes",
    # the disk
    "sales_disk_free_bytes",
    "sales_disk_size_bytes",
}

API = {
    "sales_api_request_seconds_bucket",
    "sales_api_request_seconds_count",
    "sales_api_request_seconds_sum",
    "sales_api_cache_hits_total",
    "sales_api_cache_misses_total",
    "sales_api_cache_errors_total",
}

AIRFLOW = {
    "airflow_component_heartbeat_age_seconds",
    "airflow_dag_runs",
    "airflow_task_instances",
    "airflow_dag_last_run_seconds",
    "airflow_dag_last_success_timestamp_seconds",
    "airflow_dag_paused",
    "airflow_dag_import_errors",
    "airflow_pool_slots",
}

# infra/kafka/jmx.yml; jvm_* are the agent's own
KAFKA = {
    "kafka_under_replicated_partitions",
    "kafka_under_min_isr_partitions",
    "kafka_offline_partitions",
    "kafka_active_controllers",
    "kafka_isr_shrinks_total",
    "kafka_topic_messages_in_total",
    "kafka_topic_bytes_in_total",
    "kafka_topic_bytes_out_total",
    "kafka_request_seconds",
    "kafka_log_size_bytes",
    "jvm_memory_used_bytes",
    "jvm_memory_max_bytes",
}

# Spark 4.2's PrometheusServlet builds a name from each source's own name, and adds _Value to a gauge; the executors'
# page has its own kind of names and labels
SPARK_GATEWAY = {
    "metrics_gateway_driver_BlockManager_memory_memUsed_MB_Value",
    "metrics_gateway_driver_BlockManager_memory_maxMem_MB_Value",
    "metrics_gateway_driver_DAGScheduler_job_activeJobs_Value",
    "metrics_gateway_driver_DAGScheduler_stage_waitingStages_Value",
    "metrics_gateway_driver_ExecutorMetrics_JVMHeapMemory_Value",
}
SPARK_EXECUTORS = {
    "metrics_executor_totalCores",
    "metrics_executor_activeTasks",
    "metrics_executor_completedTasks_total",
    "metrics_executor_failedTasks_total",
    "metrics_executor_memoryUsed_bytes",
    "metrics_executor_maxMemory_bytes",
    "metrics_executor_totalDuration_seconds_total",
    "metrics_executor_totalGCTime_seconds_total",
    "metrics_executor_totalShuffleWrite_bytes_total",
}
SPARK_MASTER = {
    "metrics_master_aliveWorkers_Value",
    "metrics_master_workers_Value",
    "metrics_master_apps_Value",
}
SPARK_WORKERS = {
    "metrics_worker_coresUsed_Value",
    "metrics_worker_executors_Value",
    "metrics_worker_memUsed_MB_Value",
}

METRICS: dict[str, set[str]] = {
    "dashboard": DASHBOARD | API,
    "api": API,
    "airflow": AIRFLOW,
    "kafka": KAFKA,
    "spark-gateway": SPARK_GATEWAY,
    "spark-executors": SPARK_EXECUTORS,
    "spark-master": SPARK_MASTER,
    "spark-workers": SPARK_WORKERS,
    "prometheus": {"prometheus_notifications_dropped_total", "prometheus_tsdb_head_series"},
    "alertmanager": {"alertmanager_notifications_failed_total", "alertmanager_notifications_total"},
}
# Prometheus itself makes these
BUILT_IN = {"up", "ALERTS", "scrape_duration_seconds"}

_NOT_A_METRIC = {
    "and",
    "or",
    "unless",
    "bool",
    "offset",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
}


def known() -> set[str]:
    return BUILT_IN.union(*METRICS.values())


def metrics_in(query: str) -> set[str]:
    """The metric names in a PromQL expression."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', " ", query)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    return set(re.findall(r"(?<![\w.:])[a-zA-Z_:][\w:]*\b(?!\s*\()", bare)) - _NOT_A_METRIC
