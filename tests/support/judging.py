"""A judge that knows its findings beforehand."""

from dataclasses import asdict, dataclass, field, replace

from models.shelf import Artefact
from tests.training.evaluation.test_judgement import judgement
from training.evaluation.evaluate import Task
from training.evaluation.judge import JUDGE_VERSION
from training.evaluation.judgement import Figure, Judgement
from training.evaluation.leaderboard.run import name
from training.evaluation.truth import files_digest


@dataclass(slots=True)
class FakeJudge:
    """Finds what it is told to, and remembers whom it judged."""

    areas: dict[str, float]
    judged: list[str] = field(default_factory=list)

    def __call__(self, artefact: Artefact, task: Task) -> Judgement:
        self.judged.append(name(artefact))
        area = Figure("AUC_trees", "AUC", self.areas[name(artefact)], 0.002, 0.5, 0.002, 0.5)
        bare = replace(judgement(), classifiers=(), histograms=(), features=(), shifts=())
        return replace(
            bare,
            sample=replace(bare.sample, name=name(artefact), digest=artefact.manifest.digest, seed=task.seed),
            truth=replace(bare.truth, digest=files_digest(task.files)),
            settings=asdict(task.settings),
            figures={"Classifiers": (area,)},
            versions={"judge": JUDGE_VERSION},
        )
