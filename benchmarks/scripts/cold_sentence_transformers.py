"""One sentence with sentence-transformers: MODEL THREADS SENTENCE."""

import json
import sys

import torch
from sentence_transformers import SentenceTransformer

model, threads, sentence = sys.argv[1:]
torch.set_num_threads(int(threads))
vector = SentenceTransformer(model, device="cpu").encode(sentence, normalize_embeddings=True)
print(json.dumps(vector.tolist()))
