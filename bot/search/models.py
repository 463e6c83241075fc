"""Where the encoder that PAPERS_EMBEDDING names is: a folder, a model in Hugging Face's cache, or one to download."""

from __future__ import annotations

import logging
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from bot.errors import SearchError
from bot.search.transformer import best_onnx, onnx_file

log = logging.getLogger(__name__)

STATIC = "static"
AUTO = "auto"
#: Apache-2.0, 23 MB, 384 numbers a text. What it adds is in docs/search.md.
DEFAULT = "sentence-transformers/all-MiniLM-L6-v2"
_BESIDE = ("tokenizer.json", "1_Pooling/config.json", "config_sentence_transformers.json")


class Embedding(NamedTuple):
    """What the settings say of embeddings: `choice` is PAPERS_EMBEDDING, `hub` where models can be downloaded."""

    choice: str = STATIC
    hub: str = "https://huggingface.co"
    token: str = ""

    @property
    def model(self) -> str:
        """The model's name on the hub, or its folder; empty when static vectors are all that is wanted."""
        return {STATIC: "", AUTO: DEFAULT}.get(self.choice, self.choice)


def find(embedding: Embedding, *, fetch: bool) -> Path | None:
    """The folder of the model: where it is, or where it was fetched to; None when there is none to use.

    Raises SearchError when a folder is named that is not there, or a model that can't be fetched.
    """
    if not embedding.model:
        return None
    return local(embedding) or (download(embedding) if fetch else None)


def local(embedding: Embedding) -> Path | None:
    """The folder of the model, if it is on this machine; asks no network.

    Raises SearchError when the setting names a folder and there is none.
    """
    # A path, or the name of a model, which has one slash.
    folder = Path(embedding.model).expanduser()
    if folder.is_dir():
        return folder
    if folder.is_absolute() or embedding.model.startswith(("~", ".")):
        raise SearchError(f"PAPERS_EMBEDDING: there is no folder {folder}.")
    return _cached(embedding.model)


def download(embedding: Embedding) -> Path:
    """Fetch the model to Hugging Face's cache and return its folder; takes as long as the network does.

    Raises SearchError when it can't be had.
    """
    import httpx2
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    token = embedding.token or False
    try:
        listed = HfApi(endpoint=embedding.hub, token=token).list_repo_files(embedding.model)
        wanted = _wanted(listed)
        if not wanted:
            raise SearchError(f"PAPERS_EMBEDDING: {embedding.model} has no ONNX model; name another.")
        for name in wanted:
            hf_hub_download(embedding.model, name, endpoint=embedding.hub, token=token)
    except (HfHubHTTPError, HFValidationError, httpx2.HTTPError, OSError) as error:
        raise SearchError(f"The model {embedding.model} can't be downloaded: {error}") from error
    folder = _cached(embedding.model)
    if folder is None:
        raise SearchError(f"The model {embedding.model} is not in the cache after its download.")
    return folder


def _wanted(listed: list[str]) -> list[str]:
    """The files to fetch of all that a model has: the smallest model, and what says how to use it."""
    model = best_onnx([Path(name) for name in listed if fnmatch(name, "*.onnx") and name.count("/") <= 1])
    return [model.as_posix(), *(name for name in _BESIDE if name in listed)] if model else []


def _cached(model: str) -> Path | None:
    """The newest copy of a model in the cache that is whole."""
    from huggingface_hub import constants

    kept = Path(constants.HF_HUB_CACHE) / f"models--{model.replace('/', '--')}" / "snapshots"
    copies = sorted(kept.glob("*"), key=lambda copy: copy.stat().st_mtime, reverse=True)
    return next((copy for copy in copies if onnx_file(copy) and (copy / "tokenizer.json").exists()), None)
