from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import tensorflow as tf

from models.graphs import OBJECT_OUTPUTS
from tests.support.vae import FEATURES, jets, tiny_vae
from tests.training.test_masks import some_masks
from training.architectures.exp2 import export_decoder
from training.latents import Inputs, normals
from training.masks import build_mask_generator
from training.onnx_export import ParityError, check_parity, export_graph, export_masks, round_weights
from training.transform import Standardisation

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
    model = tiny_vae(1)
    graph = export_decoder(model, SCALING, tmp_path / "jet.onnx")
    noise = np.random.default_rng(3).standard_normal((257, graph.noise.width), dtype=np.float32)
    found = ort.InferenceSession(tmp_path / graph.file).run(list(FEATURES), {graph.noise.name: noise})
    expected = SCALING.inverse(model.decoder(noise).numpy())
    np.testing.assert_allclose(np.column_stack(found), expected, rtol=2e-4, atol=1e-4)


def test_a_graph_that_computes_something_else_is_refused(tmp_path: Path) -> None:
    graph = export_decoder(tiny_vae(1), SCALING, tmp_path / "jet.onnx")

    def other(inputs: Inputs) -> dict[str, tf.Tensor]:
        return dict.fromkeys(FEATURES, tf.reduce_sum(inputs["latent"], axis=1))

    with pytest.raises(ParityError, match=r"jet.onnx: \w+ differs"):
        check_parity(other, graph, tmp_path / graph.file)


def test_rounded_weights_are_stored_in_half_the_space(tmp_path: Path) -> None:
    matrix = tf.Variable(tf.random.stateless_normal((64, 64), seed=(1, 2)))

    def compute(inputs: Inputs) -> dict[str, tf.Tensor]:
        columns = tf.matmul(inputs["normal"], matrix)
        return {output.name: columns[:, i] for i, output in enumerate(OBJECT_OUTPUTS)}

    export_graph(compute, normals(64), OBJECT_OUTPUTS, tmp_path / "full.onnx")
    module = tf.Module()
    module.weights = [matrix]
    round_weights(module)
    export_graph(compute, normals(64), OBJECT_OUTPUTS, tmp_path / "half.onnx")
    full, half = (
        {tensor.data_type for tensor in onnx.load(tmp_path / name).graph.initializer if len(tensor.dims) == 2}
        for name in ("full.onnx", "half.onnx")
    )
    assert full == {onnx.TensorProto.FLOAT}
    assert half == {onnx.TensorProto.FLOAT16}
