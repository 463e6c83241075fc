"""A sentence encoder small enough to be made for a test: it knows a few words, and which of them mean the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import BertPreTokenizer

#: Words of one line are the same to the encoder.
MEANINGS = (
    "car automobile vehicle",
    "crash collision accident",
    "prevention avoidance safety",
    "wheat grain",
    "sheaf",
)


def make_encoder(folder: Path, *, pooled: bool = False, first_token: bool = False) -> Path:
    """A folder with a model and its tokenizer; `pooled` gives one vector a text instead of one a token."""
    folder.mkdir(parents=True, exist_ok=True)
    words = {word: number for number, line in enumerate(MEANINGS, start=1) for word in line.split()}
    vocabulary = {"[PAD]": 0, "[UNK]": 1, **{word: place for place, word in enumerate(words, start=2)}}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.zeros((len(vocabulary), len(MEANINGS) + 1), np.float32)
    table[1, 0] = 0.1
    for word, meaning in words.items():
        table[vocabulary[word], meaning] = 1
    onnx.save(_model(table, pooled=pooled), folder / "model.onnx")
    if first_token:
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    return folder


def _model(table: np.ndarray, *, pooled: bool) -> onnx.ModelProto:
    gathered = "tokens" if pooled else "output"
    nodes = [helper.make_node("Gather", ["table", "input_ids"], [gathered])]
    if pooled:
        nodes.append(helper.make_node("ReduceSum", ["tokens", "axes"], ["output"], keepdims=0))
    constants = [numpy_helper.from_array(table, "table"), numpy_helper.from_array(np.array([1]), "axes")]
    whole = ["texts", table.shape[1]] if pooled else ["texts", "tokens", table.shape[1]]
    graph = helper.make_graph(
        nodes,
        "encoder",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "tokens"])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, whole)],
        constants if pooled else constants[:1],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
