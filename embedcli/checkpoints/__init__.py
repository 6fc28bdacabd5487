"""Find a model, read its weights, and say what its files ask for."""

from embedcli.checkpoints.checkpoint import Checkpoint
from embedcli.checkpoints.digest import Digest, weights_sha256
from embedcli.checkpoints.locate import find_checkpoint, list_checkpoints
from embedcli.checkpoints.modules import (
    DenseModule,
    LayerNormModule,
    Module,
    NormalizeModule,
    StaticEmbeddingModule,
    TransformerModule,
)
from embedcli.checkpoints.pooling_config import NO_FILE, PoolingModule
from embedcli.checkpoints.safetensors import Weights, open_weights
from embedcli.checkpoints.settings import STATIC, Setting, Settings, read_settings

__all__ = [
    "NO_FILE",
    "STATIC",
    "Checkpoint",
    "DenseModule",
    "Digest",
    "LayerNormModule",
    "Module",
    "NormalizeModule",
    "PoolingModule",
    "Setting",
    "Settings",
    "StaticEmbeddingModule",
    "TransformerModule",
    "Weights",
    "find_checkpoint",
    "list_checkpoints",
    "open_weights",
    "read_settings",
    "weights_sha256",
]
