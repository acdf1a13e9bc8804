"""What a public edge must withstand, and the tests that show that this one does: rows of `make security`.

Each point is a threat in a few words; each test is a node id from the root, all cases of it included.
"""

from dataclasses import dataclass

EDGE, HOST, WIRE = "platform/tests/edge", "platform/tests/host", "tests/contracts"
OWN, LANDING, LOCATOR = "tests/security", "plugins/landing-analytics/tests", "plugins/store-locator/tests"
BEACON = "plugins/storefront-beacon/tests"


@dataclass(frozen=True, slots=True)
class Point:
    """A threat, and what shows that it is met."""

    threat: str
    tests: tuple[str, ...]


POINTS = (
    Point("a body larger than its cap, declared or chunked", (f"{WIRE}/test_bodies_over_http.py::test_the_cap_holds_for_a_declared_and_a_chunked_body",)),
    Point("a batch of too many events, or of wrong ones among right ones", (
        f"{BEACON}/test_beacon.py::test_a_hundred_events_are_a_batch", f"{BEACON}/test_beacon.py::test_hostile_values_poison_no_batch")),
    Point("nesting without end", (f"{EDGE}/test_lenient.py::test_deep_bodies_are_read_or_refused_also_where_little_stack_is_left",)),
    Point("bytes that are no UTF-8", (f"{WIRE}/test_bodies_over_http.py::test_no_byte_string_is_a_5xx", f"{OWN}/test_fuzz.py::test_every_ingest_route_stands_whatever_is_sent")),
    Point("NUL and lone surrogates", (f"{WIRE}/test_bodies_over_http.py::test_no_text_is_too_strange_for_the_database",)),
    Point("a member that stands twice", (f"{EDGE}/test_lenient.py::test_a_duplicate_that_is_right_repairs_one_that_is_wrong", f"{WIRE}/test_bodies_over_http.py::test_what_a_sender_meant_is_read")),
    Point("numbers beyond every type, infinite or none", (
        f"{WIRE}/test_bodies_over_http.py::test_an_integer_beyond_64_bits_does_not_fit",
        f"{LOCATOR}/test_public_nearby.py::test_parameters_out_of_range_are_refused_by_name")),
    Point("a parameter that stands twice, or is none of the document's", (f"{OWN}/test_sweep.py::test_a_parameter_that_stands_twice_is_no_fault", f"{OWN}/test_schemathesis.py::test_every_answer_is_as_described")),
    Point("a content type that evades the preflight", (f"{OWN}/test_surface.py::test_nothing_that_a_browser_sends_by_itself_is_a_credential",)),
    Point("a compressed body that swells", (f"{WIRE}/test_bodies_over_http.py::test_an_encoded_body_is_refused",)),
    Point("clients that send or read slowly, 500 of them half open", (
        f"{EDGE}/test_server.py::test_many_half_open_connections_stop_nobody", f"{EDGE}/test_server.py::test_a_client_that_drips_is_cut_off",
        f"{EDGE}/test_server.py::test_a_reader_that_takes_nothing_is_cut_off")),
    Point("heads without end", (f"{EDGE}/test_server.py::test_a_head_has_bounds", f"{EDGE}/test_server.py::test_what_only_grows_is_stopped_by_size")),
    Point("a page of another origin that reads answers", (f"{WIRE}/test_cross_origin.py::test_no_other_route_says_a_word_of_cors", f"{WIRE}/test_cross_origin.py::test_a_preflight_needs_no_key_and_no_quota")),
    Point("a page of another origin that sends in a user's name", (f"{OWN}/test_surface.py::test_nothing_that_a_browser_sends_by_itself_is_a_credential",)),
    Point("a session that is fixed or stolen", (f"{OWN}/test_sweep.py::test_no_answer_sets_a_cookie",)),
    Point("guessed credentials", (f"{WIRE}/test_keys_on_requests.py::test_what_is_no_key_gets_the_same_401", f"{OWN}/test_surface.py::test_no_operation_takes_a_password")),
    Point("finding out what others have", ("tests/isolation/test_matrix.py::test_the_whole_matrix_of_everything_that_is_installed", f"{WIRE}/test_keys_on_requests.py::test_a_dead_key_gets_the_very_401_of_an_unknown_one")),
    Point("making the server fetch an address", (f"{OWN}/test_surface.py::test_nothing_that_serves_imports_a_client",)),
    Point("script that is stored and shown", ("platform/tests/app/test_reference.py::test_hostile_words_of_a_document_stay_words", f"{HOST}/test_assets.py::test_an_svg_runs_no_script_when_it_is_opened", f"{WIRE}/test_methods_and_headers.py::test_every_answer_is_safe_to_show")),
    Point("a formula in an exported cell", (f"{LOCATOR}/test_importing.py::test_no_cell_of_an_export_is_a_formula",)),
    Point("a referrer that tells more than where from", (f"{OWN}/test_sweep.py::test_no_secret_is_in_anything_that_is_kept_or_told",)),
    Point("a log line that is forged", ("platform/tests/base/test_logs.py::test_every_line_is_an_object", f"{WIRE}/test_logs.py::test_no_log_line_holds_a_key_an_address_or_a_query")),
    Point("a request id that is no id", (f"{WIRE}/test_methods_and_headers.py::test_a_request_has_an_id",)),
    Point("a redirect that leads anywhere", (f"{OWN}/test_sweep.py::test_a_redirect_leads_where_the_shop_says",)),
    Point("a forged host", (f"{WIRE}/test_methods_and_headers.py::test_only_allowed_hosts_are_answered",)),
    Point("a forged address", (
        f"{EDGE}/test_address.py::test_nothing_on_the_left_moves_the_hop_that_the_proxy_saw", f"{WIRE}/test_visitors.py::test_nobody_else_tells_the_address")),
    Point("an error that tells how the house is built", (f"{WIRE}/test_problems.py::test_what_nobody_foresaw_tells_nothing", f"{WIRE}/test_problems.py::test_the_offending_value_is_never_echoed")),
    Point("methods that nobody meant", (f"{WIRE}/test_methods_and_headers.py::test_head_is_get_without_a_body", f"{WIRE}/test_methods_and_headers.py::test_a_405_names_the_methods_that_are_there")),
    Point("documentation that loads from elsewhere", ("platform/tests/app/test_reference.py::test_a_page_can_load_and_run_nothing",)),
    Point("a copied publishable key, and a flood of events", (
        f"{WIRE}/test_keys_on_requests.py::test_allowed_origins_are_enforced_on_the_request_itself", f"{EDGE}/test_origins.py::test_an_origin_that_only_looks_allowed_is_refused",
        f"{WIRE}/test_limits_over_http.py::test_2000_parallel_requests_against_300_admit_exactly_300")),
    Point("a report over all time", (f"{LANDING}/test_reports.py::test_what_cannot_be_told_is_refused",)),
    Point("metadata without bounds", (f"{EDGE}/test_kept.py::test_an_object_out_of_bounds_is_refused_on_its_field",)),
    Point("a file that bursts its importer", (f"{LOCATOR}/test_importing.py::test_a_file_that_cannot_be_read_says_why",)),
    Point("code that comes from a tenant", (f"{HOST}/test_vetting.py::test_an_entry_point_with_a_name_that_cannot_be_a_slug_is_refused", f"{HOST}/test_discovery.py::test_nothing_of_a_plugin_is_imported")),
)  # fmt: skip
