"""A sentence encoder on the CPU: slower than static vectors by a factor of hundreds, and better at meaning.

It reads papers that matter, in the background, and every query; what it made of a paper is kept in the store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.errors import SearchError
from bot.search.static import Floats, unit

#: Longer texts are cut: of abstracts next to nothing is lost, and time grows with the square.
MOST_TOKENS = 256
#: Texts encoded at a time, of similar lengths, so that little is padding.
BATCH = 8

# Small files first: 8-bit weights are four times faster here and cost a hundredth of nDCG or less.
_ONNX = ("*quint8_avx2.onnx", "*int8*.onnx", "*quantized.onnx", "model.onnx", "*.onnx")


class Transformer:
    """An ONNX model and its tokenizer from one folder, as sentence-transformers lays them out.

    Raises SearchError when the folder holds no such model.
    """

    def __init__(self, folder: Path) -> None:
        # Half a second to import, so only where a model is there.
        import onnxruntime
        from tokenizers import Tokenizer

        model, tokenizer = onnx_file(folder), folder / "tokenizer.json"
        if model is None or not tokenizer.exists():
            raise SearchError(f"{folder} holds no encoder: a tokenizer.json and an ONNX model are needed.")
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
            options = onnxruntime.SessionOptions()
            # One thread: the others belong to whoever waits for an answer.
            options.intra_op_num_threads = 1
            self._session = onnxruntime.InferenceSession(str(model), options, ["CPUExecutionProvider"])
        except Exception as error:
            raise SearchError(f"The encoder in {folder} can't be read: {error}") from error
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.enable_padding()
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._first_token = bool(_config(folder, "1_Pooling/config.json").get("pooling_mode_cls_token"))
        self._prompts: Mapping[str, str] = (
            _config(folder, "config_sentence_transformers.json").get("prompts") or {}
        )
        digest = hashlib.blake2b(model.read_bytes(), digest_size=6).hexdigest()
        #: Names the vectors it makes: another file makes others.
        self.name = f"{folder.name}-{digest}"

    def queries(self, texts: Sequence[str]) -> Floats:
        """A row of unit length for each query."""
        return self._embed([self._prompts.get("query", "") + text for text in texts])

    def papers(self, texts: Sequence[str]) -> Floats:
        """A row of unit length for each paper."""
        prompt = self._prompts.get("document", "") or self._prompts.get("passage", "")
        return self._embed([prompt + text for text in texts])

    def _embed(self, texts: Sequence[str]) -> Floats:
        order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
        rows: list[tuple[int, Floats]] = []
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            rows += zip(part, self._encoded([texts[n] for n in part]), strict=True)
        return np.array([row for _, row in sorted(rows, key=lambda numbered: numbered[0])], np.float32)

    def _encoded(self, texts: Sequence[str]) -> Floats:
        tokens = self._tokenizer.encode_batch(list(texts))
        mask = np.array([one.attention_mask for one in tokens], np.int64)
        known: dict[str, NDArray[np.int64]] = {
            "input_ids": np.array([one.ids for one in tokens], np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        asked = {name: values for name, values in known.items() if name in self._inputs}
        output = np.asarray(self._session.run(None, asked)[0], np.float32)
        return unit(output if output.ndim == 2 else self._pooled(output, mask))

    def _pooled(self, tokens: Floats, mask: NDArray[np.int64]) -> Floats:
        if self._first_token:
            return tokens[:, 0]
        pooled: Floats = (tokens * mask[:, :, None]).sum(axis=1, dtype=np.float32)
        return pooled


def onnx_file(folder: Path) -> Path | None:
    """The model to use of those that lie in a folder or in its folder `onnx`."""
    return best_onnx([*folder.glob("*.onnx"), *folder.glob("onnx/*.onnx")])


def best_onnx(files: Sequence[Path]) -> Path | None:
    """The smallest kind of model among these that every processor runs."""
    ordered = sorted(files)
    # Other kinds of processors have instructions of their own, named in the file.
    usable = [file for file in ordered if not any(kind in file.name for kind in ("arm64", "avx512"))]
    for pattern in _ONNX:
        if found := next((file for file in usable if file.match(pattern)), None):
            return found
    return None


def _config(folder: Path, name: str) -> dict[str, Any]:
    try:
        read = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}
