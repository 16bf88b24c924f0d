from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from tests.support.vae import FEATURES, NETWORK, jets
from tests.training.test_masks import some_masks
from training.export import ParityError, check_parity, export_decoder, export_masks
from training.masks import build_mask_generator
from training.transform import Standardisation
from training.vae import BetaVAE

SCALING = Standardisation.fit(FEATURES, [jets(2000)])


@pytest.mark.parametrize("frequent_share", [0.85, 1.0])
def test_the_mask_graph_draws_what_the_generator_draws(tmp_path: Path, frequent_share: float) -> None:
    generator = build_mask_generator(some_masks(), frequent_share=frequent_share)
    graph = export_masks(generator, tmp_path / "masks.onnx")
    uniforms = np.random.default_rng(2).random((5000, graph.noise.width), dtype=np.float32)
    session = ort.InferenceSession(tmp_path / graph.file)
    (masks,) = session.run(["mask"], {graph.noise.name: uniforms})
    assert masks.dtype == np.int64
    assert np.array_equal(masks, generator.draw(uniforms))


def test_the_decoder_graph_gives_physical_units(tmp_path: Path) -> None:
    decoder = BetaVAE(len(FEATURES), NETWORK, seed=1).decoder
    graph = export_decoder(decoder, SCALING, tmp_path / "jet.onnx")
    noise = np.random.default_rng(3).standard_normal((257, graph.noise.width), dtype=np.float32)
    found = ort.InferenceSession(tmp_path / graph.file).run(list(FEATURES), {graph.noise.name: noise})
    expected = SCALING.inverse(decoder(noise).numpy())
    np.testing.assert_allclose(np.column_stack(found), expected, rtol=2e-4, atol=1e-4)


def test_a_graph_that_computes_something_else_is_refused(tmp_path: Path) -> None:
    decoder = BetaVAE(len(FEATURES), NETWORK, seed=1).decoder
    graph = export_decoder(decoder, SCALING, tmp_path / "jet.onnx")
    other = BetaVAE(len(FEATURES), NETWORK, seed=2).decoder
    with pytest.raises(ParityError, match=r"jet.onnx: \w+ differs"):
        check_parity(
            tmp_path / graph.file,
            graph.noise,
            lambda noise: dict(zip(FEATURES, SCALING.inverse(other(noise).numpy()).T, strict=True)),
        )
