select count(*)::text from no_columns;
