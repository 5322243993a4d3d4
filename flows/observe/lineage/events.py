"""A run as OpenLineage tells it: jobs, data sets, and where every column of them comes from.

Laws
- A run is a job that moves no data itself; each legacy table is a job below it, with that table as its input and what
  it becomes as its outputs. One job with everything in it would draw every table as the origin of every other.
- The verification is a job below it too, for assertions are about what a job has read: the tables that were built.
- A rehearsal's outputs are those of the build schema, for nothing else was written.
- Names are of servers, databases, tables and columns; no user, no password, no value of a row.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any
from uuid import uuid5

from openlineage.client import facet_v2
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState, set_producer
from openlineage.client.generated.column_lineage_dataset import (
    ColumnLineageDatasetFacet,
    Fields,
    InputField,
    Transformation,
)
from openlineage.client.generated.data_quality_assertions_dataset import Assertion, DataQualityAssertionsDatasetFacet
from openlineage.client.generated.schema_dataset import SchemaDatasetFacet, SchemaDatasetFacetFields
from openlineage.client.generated.tags_run import TagsRunFacet, TagsRunFacetFields

from engine.planning.plan import Way
from flows.observe.lineage.story import REMOVED_LINKS, Columns, Database, Piece, Story
from transforms.steps import NAMESPACE

PROGRAM = "nxtgauge-migrate"
JOBS = PROGRAM  # the namespace of all jobs
UNTOUCHED = ("same", "renamed", "carried", "moved", "archived", "removed")  # ways on which a value stays what it is
set_producer(f"urn:{PROGRAM}:{version(PROGRAM)}")


def begins(story: Story) -> Iterator[RunEvent]:
    """START of the run, then of each legacy table."""
    yield _run_event(story, RunState.START)
    for piece in story.pieces:
        yield _piece_event(story, piece, RunState.START, *_datasets(story, piece))


def ends_well(story: Story, verdict: Mapping[str, Any] | None) -> Iterator[RunEvent]:
    """COMPLETE of each legacy table with what was counted, of the verification, then of the run."""
    for piece in story.pieces:
        yield _piece_event(story, piece, RunState.COMPLETE, *_datasets(story, piece))
    yield from _verified(story, verdict)
    yield _run_event(story, RunState.COMPLETE)


def ends_badly(story: Story, message: str, is_stop: bool, verdict: Mapping[str, Any] | None) -> Iterator[RunEvent]:
    """ABORT of everything if somebody stopped the run, else FAIL: what was loaded is not published.

    message: redacted, without a value of a row.
    """
    state = RunState.ABORT if is_stop else RunState.FAIL
    for piece in story.pieces:
        yield _piece_event(story, piece, state, [], [])
    yield from _verified(story, verdict)
    error = facet_v2.error_message_run.ErrorMessageRunFacet(message=message, programmingLanguage="Python")
    yield _run_event(story, state, errorMessage=error)


def run_id(story: Story, part: str = "") -> str:
    """The id of the run for OpenLineage, or of a part of it; the same for every attempt at the run."""
    return str(uuid5(NAMESPACE, f"{story.run_id}/{part}" if part else story.run_id))


def _run_event(story: Story, state: RunState, **facets: Any) -> RunEvent:
    about = "Rehearses the migration" if story.is_rehearsal else "Migrates the legacy database"
    return _event(state, Run(run_id(story), _run_facets(story) | facets), _job(_name(story), about, "JOB"))


def _piece_event(story: Story, piece: Piece, state: RunState, inputs: list[Any], outputs: list[Any]) -> RunEvent:
    about = f"{piece.table}: {piece.disposition}, {piece.lane} lane"
    run = Run(run_id(story, f"table {piece.table}"), _run_facets(story) | _parent(story))
    return _event(state, run, _job(f"{_name(story)}.{piece.table}", about, "TASK"), inputs, outputs)


def _event(
    state: RunState,
    run: Run,
    job: Job,
    inputs: Sequence[InputDataset] = (),
    outputs: Sequence[OutputDataset] = (),
    at: datetime | None = None,
) -> RunEvent:
    time = (at or datetime.now(UTC)).isoformat()
    return RunEvent(eventType=state, eventTime=time, run=run, job=job, inputs=list(inputs), outputs=list(outputs))


def _name(story: Story, verb: str = "") -> str:
    verb = verb or ("rehearse" if story.is_rehearsal else "migrate")
    return f"{story.target.database}.{story.target_schema}.{verb}"


def _job(name: str, about: str, kind: str) -> Job:
    facets = {
        "jobType": facet_v2.job_type_job.JobTypeJobFacet("BATCH", "NXTGAUGE_MIGRATE", kind),
        "documentation": facet_v2.documentation_job.DocumentationJobFacet(about),
    }
    return Job(JOBS, name, facets)


def _run_facets(story: Story) -> dict[str, Any]:
    program = facet_v2.processing_engine_run.ProcessingEngineRunFacet(version(PROGRAM), PROGRAM)
    tags = {"run": story.run_id, "profile": story.profile}
    return {
        "processing_engine": program,
        "tags": TagsRunFacet([TagsRunFacetFields(key, value, PROGRAM) for key, value in tags.items()]),
    }


def _parent(story: Story) -> dict[str, Any]:
    of = facet_v2.parent_run
    return {"parent": of.ParentRunFacet(of.Run(run_id(story)), of.Job(JOBS, _name(story)))}


def _datasets(story: Story, piece: Piece) -> tuple[list[InputDataset], list[OutputDataset]]:
    return [_input(story, piece)], [_output(story, piece, place) for place in piece.fields]


def _input(story: Story, piece: Piece, **facets: Any) -> InputDataset:
    own = _facets(story.source, piece.columns, piece.removed)
    return InputDataset(
        story.source.namespace, _legacy(story, piece), facets=own, inputFacets=_read(piece.rows) | facets
    )


def _output(story: Story, piece: Piece, place: str) -> OutputDataset:
    output = story.outputs[place]
    return OutputDataset(
        story.target.namespace,
        f"{story.target.database}.{place}",
        facets=_facets(story.target, output.columns) | _lineage(story, piece, place),
        outputFacets=_written(output.rows) if story.feeders(place) == 1 else {},
    )


def _legacy(story: Story, piece: Piece) -> str:
    return f"{story.source.database}.{story.source_schema}.{piece.table}"


def _facets(place: Database, columns: Columns, removed: Mapping[str, str] | None = None) -> dict[str, Any]:
    uri, notes = f"{place.namespace}/{place.database}", removed or {}
    fields = [
        SchemaDatasetFacetFields(name, kind, f"removed: {notes[name]}" if name in notes else None, number)
        for number, (name, kind) in enumerate(columns, 1)
    ]
    source = facet_v2.datasource_dataset.DatasourceDatasetFacet(uri, uri)
    return {"schema": SchemaDatasetFacet(fields), "dataSource": source}


def _read(rows: int | None) -> dict[str, Any]:
    of = facet_v2.input_statistics_input_dataset
    return {} if rows is None else {"inputStatistics": of.InputStatisticsInputDatasetFacet(rowCount=rows)}


def _written(rows: int | None) -> dict[str, Any]:
    """Of a table that several legacy tables feed nobody has counted which rows are whose."""
    of = facet_v2.output_statistics_output_dataset
    return {} if rows is None else {"outputStatistics": of.OutputStatisticsOutputDatasetFacet(rowCount=rows)}


def _lineage(story: Story, piece: Piece, place: str) -> dict[str, Any]:
    fields = {
        column: Fields([_field(story, piece, name, _direct(way)) for name, way in found])
        for column, found in piece.fields[place].items()
    }
    whole = [_field(story, piece, name, _indirect(way)) for name, way in piece.whole.get(place, ())]
    return {"columnLineage": ColumnLineageDatasetFacet(fields, whole)} if fields or whole else {}


def _direct(way: Way) -> Transformation:
    subtype = "IDENTITY" if way.kind in UNTOUCHED else "TRANSFORMATION"
    return Transformation("DIRECT", subtype, _description(way), False)


def _indirect(way: Way) -> Transformation:
    return Transformation("INDIRECT", "CONDITIONAL", _description(way), False)


def _description(way: Way) -> str:
    return f"{way.kind}: {way.note}" if way.note else way.kind


def _field(story: Story, piece: Piece, column: str, transformation: Transformation) -> InputField:
    return InputField(story.source.namespace, _legacy(story, piece), column, [transformation])


def _verified(story: Story, verdict: Mapping[str, Any] | None) -> Iterator[RunEvent]:
    """START and end of the verification, if there was one, with what it found."""
    if verdict is None:
        return
    now, state = datetime.now(UTC), RunState.COMPLETE if verdict["passed"] else RunState.FAIL
    of_tables = _by_table(verdict["checks"])
    inputs = [*_judged(story, of_tables), *_counted(story, of_tables)]
    of_none = facet_v2.test_run.TestRunFacet([_test(check) for checks in of_tables.values() for check in checks])
    facets = _run_facets(story) | _parent(story)
    job = _job(_name(story, "verify"), "Judges what was built, independently of what built it", "TASK")
    yield _event(RunState.START, Run(run_id(story, "verify"), facets), job, at=now - _duration(verdict))
    yield _event(state, Run(run_id(story, "verify"), facets | {"test": of_none}), job, inputs, at=now)


def _duration(verdict: Mapping[str, Any]) -> timedelta:
    return timedelta(seconds=verdict["seconds"])


def _by_table(checks: Iterable[Mapping[str, Any]]) -> dict[str | None, list[Mapping[str, Any]]]:
    found: dict[str | None, list[Mapping[str, Any]]] = {}
    for check in checks:
        found.setdefault(check["table"], []).append(check)
    return found


def _judged(story: Story, of_tables: dict[str | None, list[Mapping[str, Any]]]) -> Iterator[InputDataset]:
    """The tables that were built, each with its checks, which leave the dictionary."""
    for output in story.outputs.values():
        if output.place != REMOVED_LINKS:
            checks = of_tables.pop(output.table, [])
            facets = _read(output.rows) | _assertions(checks)
            own = _facets(story.target, output.columns)
            name = f"{story.target.database}.{output.place}"
            yield InputDataset(story.target.namespace, name, facets=own, inputFacets=facets)


def _counted(story: Story, of_tables: dict[str | None, list[Mapping[str, Any]]]) -> Iterator[InputDataset]:
    """Legacy tables that are kept under no name of theirs, likewise."""
    for piece in story.pieces:
        if checks := of_tables.pop(piece.table, []):
            yield _input(story, piece, **_assertions(checks))


def _assertions(checks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A check that was not made has not passed; what is stale says nothing."""
    found = [
        Assertion(
            assertion=check["kind"],
            success=check["status"] == "PASS",
            severity=_severity(check),
            name=check["name"],
            description=check["title"],
        )
        for check in checks
        if check["status"] != "STALE"
    ]
    return {"dataQualityAssertions": DataQualityAssertionsDatasetFacet(found)} if found else {}


def _test(check: Mapping[str, Any]) -> facet_v2.test_run.TestExecution:
    status = {"PASS": "pass", "STALE": "skip"}.get(check["status"], "fail")
    return facet_v2.test_run.TestExecution(
        name=check["name"], status=status, severity=_severity(check), type=check["kind"], description=check["title"]
    )


def _severity(check: Mapping[str, Any]) -> str:
    return "error" if check["severity"] == "critical" else "warn"
