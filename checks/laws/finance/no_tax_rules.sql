-- Legacy data knows no tax rules: none is made.
-- table: tax_rules
-- holds
select concat(t.id) as key, false as holds from tax_rules t
