"""Shapes as another process gets them."""

import pickle

from config.shapes import Column, Table


def test_another_process_gets_the_fields_and_nothing_that_was_found_out_meanwhile():
    table = Table("users", (Column("id", "uuid"), Column("email", "text")))
    assert table.column("email").type == "text" and set(vars(table)) > set(table.__getstate__())
    sent = pickle.loads(pickle.dumps(table))
    assert sent == table and set(vars(sent)) == set(table.__getstate__()) and sent.find_column("id") == table.columns[0]
