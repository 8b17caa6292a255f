"""The gateway: Spark as one long-running application, on one machine or on a cluster."""
