"""Frames as transforms get them, and what they hold, row by row."""

import pandas as pd

from transforms.outcome import TEXT


def table(columns: str, *rows: dict[str, str]) -> pd.DataFrame:
    """Labelled 10, 20, …, as no part of an engine's table starts at 0."""
    data = {column: pd.Series([row.get(column) for row in rows], dtype=TEXT) for column in columns.split()}
    return pd.DataFrame(data).set_axis(range(10, 10 * len(rows) + 10, 10))


def records(frame: pd.DataFrame) -> list[dict]:
    assert all(dtype == TEXT for dtype in frame.dtypes)
    values = frame.astype(object).where(frame.notna(), None)
    return [{"label": label} | row for label, row in zip(frame.index, values.to_dict("records"), strict=True)]
