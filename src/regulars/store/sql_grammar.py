"""What a statement of an analyst may be made of: the kinds of nodes, and the parts of nodes, of the parser's tree.

Left out on purpose: what changes anything (INSERT_QUERY_NODE and its kin, which the grammar allows in WITH), what asks
for the catalogue (SHOW_REF), parameters, and `at_clause`, `export_state`, `pivot_enum` and `type_info` where they hold
something.
"""

from __future__ import annotations

_EXPRESSIONS = """
BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA LAMBDA_REF OPERATOR
POSITIONAL_REFERENCE STAR SUBQUERY TYPE WINDOW
"""

_NODES = """
SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE CTE_NODE EMPTY BASE_TABLE TABLE_FUNCTION SUBQUERY JOIN EXPRESSION_LIST
PIVOT DISTINCT_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER ORDER_MODIFIER ORDER_DEFAULT ASCENDING DESCENDING
"""

_KEYS = """
aggregate_handling aggregates alias aliases arg_orders arguments case_checks catalog catalog_name child children class
collation column column_name_alias column_names columns comparison_type condition cte_map cte_name default_expr
delim_flipped distinct distinct_on_targets duplicate_eliminated_columns else_expr end end_expr entries exclude_clause
exclude_list expected_names expected_types expr expression filter filter_expr from_table function function_name
group_expressions group_sets groups has_ignore_nulls having id identifier ignore_nulls include_nulls index input
is_implicit is_null is_operator is_percentage join_type key key_targets kind left lhs limit limit_type literal lower map
materialized method modifiers name named_param_map nearest_approx nearest_count nearest_order_type node null_order
offset offset_expr order_bys orders partitions path payload_aggregates pivot_expressions pivots qualified_exclude_list
qualified_name qualify query_location query_location_length query_node ranking_expression ref_type relation_name
rename_list repeatable replace_list right sample sample_rate sample_size schema schema_name seed select_list setop_all
setop_type source star_expr start start_expr statements subquery subquery_type syntax_type table table_name text
then_expr try_cast type type_expr type_name union_all unit unpivot_names upper using_columns value values when_expr
where_clause with_ordinality
"""

EXPRESSIONS = frozenset(_EXPRESSIONS.split())
"""Classes of expressions."""

NODES = frozenset(_NODES.split())
"""Types of everything else that has a type: queries, what stands in FROM, and what follows."""

KEYS = frozenset(_KEYS.split())
"""Names of parts that may hold something."""
