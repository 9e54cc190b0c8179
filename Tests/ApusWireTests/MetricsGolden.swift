/// What `PrometheusTextTests.busyServer` shows: two proxies that each counted the same.
let goldenPrometheusText = """
    # HELP apus_requests_total Requests answered; no model: no inference on a known model.
    # TYPE apus_requests_total counter
    apus_requests_total{model="",version="",protocol="other",code="404"} 2
    apus_requests_total{model="iris",version="3",protocol="v2",code="200"} 2
    apus_requests_total{model="iris",version="3",protocol="v2",code="503"} 2
    # HELP apus_request_duration_seconds From the end of a request's head to its answer.
    # TYPE apus_request_duration_seconds histogram
    apus_request_duration_seconds_bucket{model="iris",version="3",le="0.000025"} 2
    apus_request_duration_seconds_bucket{model="iris",version="3",le="0.00005"} 2
    apus_request_duration_seconds_bucket{model="iris",version="3",le="0.0001"} 2
    apus_request_duration_seconds_bucket{model="iris",version="3",le="0.00025"} 2
    apus_request_duration_seconds_bucket{model="iris",version="3",le="0.0005"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="0.001"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="0.0025"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="0.005"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="0.01"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="0.025"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="0.05"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="0.1"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="0.25"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="0.5"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="1"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="2.5"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="5"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="10"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="30"} 4
    apus_request_duration_seconds_bucket{model="iris",version="3",le="+Inf"} 4
    apus_request_duration_seconds_sum{model="iris",version="3"} 0.001018
    apus_request_duration_seconds_count{model="iris",version="3"} 4
    # HELP apus_queue_duration_seconds Wait of requests for a worker to have room.
    # TYPE apus_queue_duration_seconds histogram
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="0.000025"} 0
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="0.00005"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="0.0001"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="0.00025"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="0.0005"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="0.001"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="0.0025"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="0.005"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="0.01"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="0.025"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="0.05"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="0.1"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="0.25"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="0.5"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="1"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="2.5"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="5"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="10"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="30"} 2
    apus_queue_duration_seconds_bucket{model="iris",version="3",le="+Inf"} 2
    apus_queue_duration_seconds_sum{model="iris",version="3"} 0.00006
    apus_queue_duration_seconds_count{model="iris",version="3"} 2
    # HELP apus_batch_wait_duration_seconds Wait in the worker for the run.
    # TYPE apus_batch_wait_duration_seconds histogram
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="0.000025"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="0.00005"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="0.0001"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="0.00025"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="0.0005"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="0.001"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="0.0025"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="0.005"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="0.01"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="0.025"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="0.05"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="0.1"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="0.25"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="0.5"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="1"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="2.5"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="5"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="10"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="30"} 2
    apus_batch_wait_duration_seconds_bucket{model="iris",version="3",le="+Inf"} 2
    apus_batch_wait_duration_seconds_sum{model="iris",version="3"} 0.000002
    apus_batch_wait_duration_seconds_count{model="iris",version="3"} 2
    # HELP apus_decode_duration_seconds From a request's body to tensors.
    # TYPE apus_decode_duration_seconds histogram
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="0.000025"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="0.00005"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="0.0001"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="0.00025"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="0.0005"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="0.001"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="0.0025"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="0.005"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="0.01"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="0.025"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="0.05"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="0.1"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="0.25"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="0.5"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="1"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="2.5"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="5"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="10"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="30"} 2
    apus_decode_duration_seconds_bucket{model="iris",version="3",le="+Inf"} 2
    apus_decode_duration_seconds_sum{model="iris",version="3"} 0.000004
    apus_decode_duration_seconds_count{model="iris",version="3"} 2
    # HELP apus_compute_duration_seconds The run that a request was part of.
    # TYPE apus_compute_duration_seconds histogram
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="0.000025"} 0
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="0.00005"} 0
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="0.0001"} 0
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="0.00025"} 0
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="0.0005"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="0.001"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="0.0025"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="0.005"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="0.01"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="0.025"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="0.05"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="0.1"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="0.25"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="0.5"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="1"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="2.5"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="5"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="10"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="30"} 2
    apus_compute_duration_seconds_bucket{model="iris",version="3",le="+Inf"} 2
    apus_compute_duration_seconds_sum{model="iris",version="3"} 0.0008
    apus_compute_duration_seconds_count{model="iris",version="3"} 2
    # HELP apus_encode_duration_seconds From tensors to an answer's body.
    # TYPE apus_encode_duration_seconds histogram
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="0.000025"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="0.00005"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="0.0001"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="0.00025"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="0.0005"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="0.001"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="0.0025"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="0.005"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="0.01"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="0.025"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="0.05"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="0.1"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="0.25"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="0.5"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="1"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="2.5"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="5"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="10"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="30"} 2
    apus_encode_duration_seconds_bucket{model="iris",version="3",le="+Inf"} 2
    apus_encode_duration_seconds_sum{model="iris",version="3"} 0.000006
    apus_encode_duration_seconds_count{model="iris",version="3"} 2
    # HELP apus_batch_rows Rows of a run.
    # TYPE apus_batch_rows histogram
    apus_batch_rows_bucket{model="iris",version="3",le="1"} 0
    apus_batch_rows_bucket{model="iris",version="3",le="2"} 2
    apus_batch_rows_bucket{model="iris",version="3",le="4"} 2
    apus_batch_rows_bucket{model="iris",version="3",le="8"} 2
    apus_batch_rows_bucket{model="iris",version="3",le="16"} 2
    apus_batch_rows_bucket{model="iris",version="3",le="32"} 2
    apus_batch_rows_bucket{model="iris",version="3",le="64"} 2
    apus_batch_rows_bucket{model="iris",version="3",le="128"} 2
    apus_batch_rows_bucket{model="iris",version="3",le="256"} 2
    apus_batch_rows_bucket{model="iris",version="3",le="512"} 2
    apus_batch_rows_bucket{model="iris",version="3",le="1024"} 2
    apus_batch_rows_bucket{model="iris",version="3",le="2048"} 2
    apus_batch_rows_bucket{model="iris",version="3",le="4096"} 2
    apus_batch_rows_bucket{model="iris",version="3",le="+Inf"} 2
    apus_batch_rows_sum{model="iris",version="3"} 4
    apus_batch_rows_count{model="iris",version="3"} 2
    # HELP apus_executions_total Runs of a model.
    # TYPE apus_executions_total counter
    apus_executions_total{model="iris",version="3"} 2
    # HELP apus_rows_total Rows answered.
    # TYPE apus_rows_total counter
    apus_rows_total{model="iris",version="3"} 4
    # HELP apus_request_bytes_total Bytes of request bodies.
    # TYPE apus_request_bytes_total counter
    apus_request_bytes_total{model="iris",version="3"} 240
    # HELP apus_response_bytes_total Bytes of answers' bodies.
    # TYPE apus_response_bytes_total counter
    apus_response_bytes_total{model="iris",version="3"} 160
    # HELP apus_request_retries_total Requests given to another worker.
    # TYPE apus_request_retries_total counter
    apus_request_retries_total{model="iris",version="3"} 2
    # HELP apus_queue_length Requests that wait now.
    # TYPE apus_queue_length gauge
    apus_queue_length{model="iris",version="3"} 0
    # HELP apus_in_flight_requests Requests that workers have now.
    # TYPE apus_in_flight_requests gauge
    apus_in_flight_requests{model="iris",version="3"} 0
    # HELP apus_connections_open Clients' connections open now.
    # TYPE apus_connections_open gauge
    apus_connections_open 2
    # HELP apus_connections_total Connections accepted.
    # TYPE apus_connections_total counter
    apus_connections_total 4
    # HELP apus_received_bytes_total Bytes read from clients.
    # TYPE apus_received_bytes_total counter
    apus_received_bytes_total 0
    # HELP apus_sent_bytes_total Bytes written to clients.
    # TYPE apus_sent_bytes_total counter
    apus_sent_bytes_total 0
    # HELP apus_http_continues_total Interim 100 Continue answers.
    # TYPE apus_http_continues_total counter
    apus_http_continues_total 0
    # HELP apus_http_parse_errors_total Requests refused as HTTP, by the status given.
    # TYPE apus_http_parse_errors_total counter
    apus_http_parse_errors_total{code="431"} 2
    # HELP apus_workers Workers by what they do now.
    # TYPE apus_workers gauge
    apus_workers{model="iris",version="3",state="starting"} 0
    apus_workers{model="iris",version="3",state="serving"} 4
    apus_workers{model="iris",version="3",state="draining"} 0
    # HELP apus_worker_restarts_total Workers forked in place of one that ended.
    # TYPE apus_worker_restarts_total counter
    apus_worker_restarts_total{model="iris",version="3"} 1
    # HELP apus_template_restarts_total Templates started in place of one that ended.
    # TYPE apus_template_restarts_total counter
    apus_template_restarts_total{model="iris",version="3"} 0
    # HELP apus_model_reloads_total New generations that took over.
    # TYPE apus_model_reloads_total counter
    apus_model_reloads_total{model="iris",version="3"} 0
    # HELP apus_model_reload_refusals_total New generations that were refused.
    # TYPE apus_model_reload_refusals_total counter
    apus_model_reload_refusals_total{model="iris",version="3"} 0
    # HELP apus_model_rollbacks_total Generations that crashed soon and gave their place back.
    # TYPE apus_model_rollbacks_total counter
    apus_model_rollbacks_total{model="iris",version="3"} 0
    # HELP apus_model_info 1 for each model version served.
    # TYPE apus_model_info gauge
    apus_model_info{model="iris",version="3"} 1
    # HELP apus_model_ready 1 when the version can answer.
    # TYPE apus_model_ready gauge
    apus_model_ready{model="iris",version="3"} 1
    # HELP apus_proxies Proxies that run now.
    # TYPE apus_proxies gauge
    apus_proxies 2
    # HELP apus_proxy_restarts_total Proxies started in place of one that ended.
    # TYPE apus_proxy_restarts_total counter
    apus_proxy_restarts_total 1
    # HELP apus_start_time_seconds When the server started, as Unix time.
    # TYPE apus_start_time_seconds gauge
    apus_start_time_seconds 1700000000.25
    # HELP apus_build_info The version of the program that answers.
    # TYPE apus_build_info gauge
    apus_build_info{version="0.1.0"} 1

    """
