"""One sentence with tokenizers and onnxruntime and nothing else: MODEL GRAPH THREADS SENTENCE."""

import json
import sys

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

model, graph, threads, sentence = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(threads)
session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
tokenizer = Tokenizer.from_file(f"{model}/tokenizer.json")
tokenizer.no_padding()
ids = np.array([tokenizer.encode(sentence).ids], dtype=np.int64)
feed = {
    "input_ids": ids,
    "attention_mask": np.ones_like(ids),
    "token_type_ids": np.zeros_like(ids),
}
vector = session.run(None, feed)[0][0].mean(axis=0)
print(json.dumps((vector / np.linalg.norm(vector)).tolist()))
