"""Lines of a file to an .npy with sentence-transformers: MODEL THREADS LINES OUTPUT."""

import sys
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

model, threads, lines, output = sys.argv[1:]
torch.set_num_threads(int(threads))
texts = [line for line in Path(lines).read_text(encoding="utf-8").splitlines() if line.strip()]
loaded = SentenceTransformer(model, device="cpu")
np.save(output, loaded.encode(texts, normalize_embeddings=True, show_progress_bar=False))
