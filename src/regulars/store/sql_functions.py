"""What a statement of an analyst may call and cast to: a list of what is allowed, everything else is refused.

Left out on purpose: whatever reads files, settings, catalogues, other sessions or the clock of the process; whatever
runs SQL held in a text (`query`, `json_execute_serialized_sql`); and what makes a gigabyte of a short text (`repeat`,
`lpad`, `printf`, lists of `range`) or takes quadratic time for one row (`levenshtein`).
"""

from __future__ import annotations

_OPERATORS = "+ - * / // % ** ^ || & | << >> ~ ~~ !~~ ~~* !~~* ~~~ ~* !~ -> ->> @ && @> <@"

_AGGREGATES = """
any_value approx_count_distinct approx_quantile arbitrary arg_max arg_min argmax argmin array_agg avg bit_and bit_or
bit_xor bool_and bool_or corr count count_if count_star countif covar_pop covar_samp entropy favg first fsum
group_concat histogram kahan_sum kurtosis last list listagg mad max max_by mean median min min_by mode product quantile
quantile_cont quantile_disc percentile_cont percentile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2
regr_slope regr_sxx regr_sxy regr_syy sem skewness stddev stddev_pop stddev_samp string_agg sum var_pop var_samp
variance geomean geometric_mean weighted_avg wavg grouping
"""

_WINDOWS = """
cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense row_number
"""

_NUMBERS = """
abs acos add asin atan atan2 bin cbrt ceil ceiling cos cot degrees divide even exp factorial floor fmod fdiv gamma gcd
greatest greatest_common_divisor isfinite isinf isnan lcm least least_common_multiple lgamma ln log log10 log2 mod
multiply pi pow power radians random round round_even sign sin sqrt subtract tan trunc equi_width_bins bit_count xor
hash
"""

_TEXTS = """
ascii bit_length char_length character_length chr concat concat_ws contains ends_with format_bytes instr lcase left
left_grapheme len length length_grapheme like_escape ilike_escape not_like_escape not_ilike_escape lower ltrim md5
nfc_normalize octet_length ord position prefix regexp_escape regexp_extract regexp_extract_all regexp_full_match
regexp_matches regexp_replace regexp_split_to_array replace reverse right right_grapheme rtrim sha256 split split_part
starts_with str_split string_split string_split_regex str_split_regex string_to_array strip_accents strlen strpos substr
substring substring_grapheme suffix translate trim ucase unicode upper overlay
"""

_TIMES = """
age century date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth
dayofweek dayofyear days_in_month decade epoch epoch_ms epoch_us era hour isodow isoyear last_day make_date make_time
make_timestamp make_timestamptz microsecond millisecond minute month monthname now quarter second strftime strptime
time_bucket timezone to_days to_hours to_microseconds to_milliseconds to_minutes to_months to_quarters to_seconds
to_timestamp to_weeks to_years today transaction_timestamp try_strptime week weekday weekofyear year yearweek
current_date get_current_timestamp get_current_time current_localtime current_localtimestamp normalized_interval
"""

_LISTS = """
aggregate array_concat array_contains array_distinct array_extract array_filter array_has array_has_all array_has_any
array_indexof array_intersect array_length array_position array_slice array_sort array_to_string array_transform
array_unique array_value cardinality element_at filter flatten list_aggr list_aggregate list_any_value list_append
list_apply list_avg list_cat list_concat list_contains list_count list_distinct list_element list_extract list_filter
list_first list_has list_has_all list_has_any list_indexof list_intersect list_last list_max list_median list_min
list_pack list_position list_prepend list_reduce list_reverse list_reverse_sort list_select list_slice list_sort
list_sum list_transform list_unique list_value list_where list_zip map map_concat map_contains map_entries map_extract
map_extract_value map_from_entries map_keys map_values reduce row struct_concat struct_extract struct_extract_at
struct_insert struct_pack unnest
"""

_OTHERS = """
coalesce if ifnull nullif typeof try json json_array json_array_length json_contains json_exists json_extract
json_extract_path json_extract_path_text json_extract_string json_group_array json_group_object json_keys json_object
json_type json_valid json_value to_json row_to_json
"""

_TYPES = """
bool boolean int integer int1 int2 int4 int8 tinyint short smallint long bigint hugeint signed utinyint usmallint uint
uinteger ubigint uhugeint float real float4 float8 double decimal varchar text string char bpchar json uuid date time
timestamp datetime timestamptz timestamp_s timestamp_ms timestamp_ns interval list array struct map
"""

FUNCTIONS = frozenset(f"{_OPERATORS} {_AGGREGATES} {_WINDOWS} {_NUMBERS} {_TEXTS} {_TIMES} {_LISTS} {_OTHERS}".split())
"""Functions and operators, in small letters."""

TABLE_FUNCTIONS = frozenset({"unnest", "range", "generate_series"})
"""What may stand in FROM with arguments."""

TYPES = frozenset(_TYPES.split()) | {"timestamp with time zone", "time with time zone"}
"""What may be cast to."""
