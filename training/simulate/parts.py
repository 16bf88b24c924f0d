"""The folder of finished shards beside an output file, from which an interrupted run goes on."""

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from events.arrow import ObjectsLayout, from_record_batch
from events.batch import EventBatch
from events.formats import ArrowFileFormat
from training.simulate.errors import ForeignPartsError
from training.simulate.shards import Plan, ShardRecord


@dataclass(frozen=True, slots=True)
class Parts:
    """Finished shards of one plan.

    A shard is there completely or not at all: files come into being under another name.

    Attributes:
        folder: Where they lie.
    """

    folder: Path

    def open(self, plan: Plan) -> None:
        """Make the folder, or check that it belongs to the plan.

        Raises:
            ForeignPartsError: If it holds shards of another plan.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "plan.json"
        if not path.exists():
            write_atomically(path, json.dumps({"digest": plan.digest, **plan.facts()}, indent=2).encode())
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["digest"] != plan.digest:
            changed = [
                name
                for name, value in json.loads(json.dumps(plan.facts())).items()
                if found.get(name) != value
            ]
            raise ForeignPartsError(
                f"{self.folder} holds shards of a run with another {', '.join(changed)}; "
                "run with the settings of plan.json in it to go on, or delete the folder to start afresh"
            )

    def path(self, index: int, n: int) -> Path:
        """File of a shard of n events."""
        return self.folder / f"{index:06d}-{n}.arrow"

    def has(self, index: int, n: int) -> bool:
        """Whether the shard is finished."""
        return self.path(index, n).exists()

    def store(self, index: int, batch: EventBatch, record: ShardRecord) -> None:
        """Keep a finished shard."""
        provenance = {"record": json.dumps(asdict(record))}
        encoder = ArrowFileFormat(ObjectsLayout("GeV")).encoder(provenance)
        write_atomically(self.path(index, len(batch)), encoder.encode(batch) + encoder.finish())

    def load(self, index: int, n: int) -> tuple[EventBatch, ShardRecord]:
        """A finished shard."""
        with pa.OSFile(str(self.path(index, n))) as file, pa.ipc.open_file(file) as reader:
            record = ShardRecord(**json.loads(reader.schema.metadata[b"record"]))
            return from_record_batch(reader.get_batch(0)), record

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file that is there completely or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(data)
    temporary.replace(path)
