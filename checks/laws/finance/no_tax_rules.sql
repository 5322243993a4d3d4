-- Legacy data knows no tax rules: none is made.
-- table: tax_rules
-- holds
select t.id::text as key, false as holds from tax_rules t
