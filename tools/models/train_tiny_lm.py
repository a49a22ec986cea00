#!/usr/bin/env python3
"""train_tiny_lm.py OUT: trains a language model of 27 000 parameters on sentences that a small grammar makes, and writes it three times:
OUT/tiny-lm-{f32,q8_0,q4_0}/model.gguf with golden.npz (tokens, logits; greedy continuations of the first greedy_prompt tokens).

Why: a model that says something, small enough for the repository, for tests of generation and quality. Takes about two minutes; the files in
test/models were made by it. The forward pass of the goldens is make_tiny_lm.py's, in double precision over the stored weights.
"""
import argparse
import pathlib
import random
import sys

import numpy as np

import gguf
import make_tiny_lm as lm

LENGTH, BATCH, STEPS, RATE = 48, 24, 1500, 4e-3
NOUNS = ["the cat", "the dog", "a bird", "the old man", "a child", "the moon", "my house", "the river"]
VERBS = ["sees", "likes", "finds", "follows", "hears", "knows"]
PLACES = ["in the garden", "at night", "near the sea", "on the hill", "every day"]
PIECES = ["▁", *"abcdefghijklmnopqrstuvwxyz.,", "▁t", "▁th", "▁the", "▁a", "▁s", "▁in", "▁on", "in", "he", "er", "se", "es", "ar", "ow", "ou", "ch"]


def sentence(rng):
    noun, verb, other = rng.choice(NOUNS), rng.choice(VERBS), rng.choice(NOUNS)
    return f"{noun} {verb} {other} {rng.choice(PLACES)}." if rng.random() < 0.6 else f"{noun} {verb} {other}."


def vocabulary():
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] + PIECES
    return tokens, [0.0] * 259 + [-float(i) for i in range(len(PIECES))], [2, 3, 3] + [6] * 256 + [1] * len(PIECES)


def tokenize(text):
    """Joins the pair of neighbours whose union has the best score, until none is a piece."""
    index = {piece: i for i, piece in enumerate(PIECES)}
    parts = list("▁" + text.replace(" ", "▁"))
    while True:
        pairs = [(index[a + b], i) for i, (a, b) in enumerate(zip(parts, parts[1:])) if a + b in index]
        if not pairs:
            return [259 + index[part] for part in parts]
        _, i = min(pairs)
        parts[i:i + 2] = [parts[i] + parts[i + 1]]


# ---- training: each forward function also gives what its backward needs ----

def norm_forward(x, weight):
    scale = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + lm.Shape.epsilon)
    return x * scale * weight, (x, scale, weight)


def norm_backward(dy, kept):
    x, scale, weight = kept
    dn = dy * weight
    return dn * scale - x * scale ** 3 * (dn * x).mean(-1, keepdims=True), (dy * x * scale).reshape(-1, x.shape[-1]).sum(0)


def rotate(x, direction):
    """x [batch, n, heads, length]; direction -1 turns back."""
    angle = np.arange(x.shape[1])[:, None, None] * lm.frequencies(ARGS)[0]
    c, s = np.cos(angle).astype(np.float32), direction * np.sin(angle).astype(np.float32)
    a, b = x[..., 0::2], x[..., 1::2]
    return np.stack([a * c - b * s, a * s + b * c], -1).reshape(x.shape)


def flat(x):
    return x.reshape(-1, x.shape[-1])


class Block:
    """One block of the model: forward keeps what backward needs; backward adds to `grads`."""

    def __init__(self, params, prefix):
        self.p, self.b = params, prefix

    def w(self, name):
        return self.p[self.b + name + ".weight"]

    def forward(self, x):
        s = lm.Shape
        batch, n, _ = x.shape
        length, group = s.width // s.heads, s.heads // s.kv_heads
        h, self.norm1 = norm_forward(x, self.w("attn_norm"))
        q, k, v = ((h @ self.w("attn_" + t).T).reshape(batch, n, -1, length) for t in "qkv")
        q, k = rotate(q, 1), rotate(k, 1)
        k, v = np.repeat(k, group, 2), np.repeat(v, group, 2)
        q, k, v = (t.transpose(0, 2, 1, 3) for t in (q, k, v))
        scores = q @ k.transpose(0, 1, 3, 2) * length ** -0.5 + np.triu(np.full((n, n), -1e9, np.float32), 1)
        share = lm.softmax(scores)
        mixed = (share @ v).transpose(0, 2, 1, 3).reshape(batch, n, -1)
        x = x + mixed @ self.w("attn_output").T
        f, self.norm2 = norm_forward(x, self.w("ffn_norm"))
        gate, up = f @ self.w("ffn_gate").T, f @ self.w("ffn_up").T
        sig = 1 / (1 + np.exp(-gate))
        inner = gate * sig * up
        self.kept = h, q, k, v, share, mixed, f, gate, up, sig, inner
        return x + inner @ self.w("ffn_down").T

    def backward(self, dx, grads):
        s = lm.Shape
        h, q, k, v, share, mixed, f, gate, up, sig, inner = self.kept
        batch, n, _ = dx.shape
        length, group = s.width // s.heads, s.heads // s.kv_heads

        def product(name, dy, x):
            grads[self.b + name + ".weight"] += flat(dy).T @ flat(x)
            return dy @ self.w(name)

        dinner = product("ffn_down", dx, inner)
        df = product("ffn_up", dinner * gate * sig, f) + product("ffn_gate", dinner * up * sig * (1 + gate * (1 - sig)), f)
        dnorm, dweight = norm_backward(df, self.norm2)
        grads[self.b + "ffn_norm.weight"] += dweight
        dx = dx + dnorm
        dmixed = product("attn_output", dx, mixed).reshape(batch, n, s.heads, length).transpose(0, 2, 1, 3)
        dv, dshare = share.transpose(0, 1, 3, 2) @ dmixed, dmixed @ v.transpose(0, 1, 3, 2)
        dscores = share * (dshare - (dshare * share).sum(-1, keepdims=True)) * length ** -0.5
        dq, dk = dscores @ k, dscores.transpose(0, 1, 3, 2) @ q
        dq, dk, dv = (t.transpose(0, 2, 1, 3) for t in (dq, dk, dv))
        dk, dv = (t.reshape(batch, n, s.kv_heads, group, length).sum(3) for t in (dk, dv))
        dq, dk = rotate(dq, -1), rotate(dk, -1)
        dh = sum(product("attn_" + t, d.reshape(batch, n, -1), h) for t, d in (("q", dq), ("k", dk), ("v", dv)))
        dnorm, dweight = norm_backward(dh, self.norm1)
        grads[self.b + "attn_norm.weight"] += dweight
        return dx + dnorm


def loss_and_grads(tokens, params):
    """tokens [batch, n + 1]: mean cross entropy of each next token."""
    before, after = tokens[:, :-1], tokens[:, 1:]
    embedding = params["token_embd.weight"]
    blocks = [Block(params, f"blk.{i}.") for i in range(lm.Shape.blocks)]
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    x = embedding[before]
    for block in blocks:
        x = block.forward(x)
    y, kept = norm_forward(x, params["output_norm.weight"])
    share = lm.softmax(flat(y) @ embedding.T)
    rows = np.arange(after.size)
    loss = -np.log(share[rows, after.ravel()]).mean()
    share[rows, after.ravel()] -= 1
    share /= after.size
    grads["token_embd.weight"] += share.T @ flat(y)
    dx, grads["output_norm.weight"] = norm_backward((share @ embedding).reshape(y.shape), kept)
    for block in reversed(blocks):
        dx = block.backward(dx, grads)
    np.add.at(grads["token_embd.weight"], before.ravel(), flat(dx))
    return loss, grads


def train():
    rng, chance = np.random.default_rng(7), random.Random(7)
    text = np.array([t for _ in range(4000) for t in [1] + tokenize(sentence(chance))], np.int64)
    params = {name: value * (0.5 if value.ndim == 2 else 1) for name, value in lm.seeded(ARGS).items()}
    params["token_embd.weight"] = params["token_embd.weight"] * 0.05
    first, second = ({name: np.zeros_like(value) for name, value in params.items()} for _ in range(2))
    for step in range(1, STEPS + 1):
        starts = rng.integers(0, len(text) - LENGTH - 1, BATCH)
        loss, grads = loss_and_grads(np.stack([text[at:at + LENGTH + 1] for at in starts]), params)
        rate = RATE * min(1, step / 50) * (1 - 0.95 * step / STEPS)
        for name, grad in grads.items():
            first[name] += 0.1 * (grad - first[name])
            second[name] += 0.01 * (grad ** 2 - second[name])
            update = first[name] / (1 - 0.9 ** step) / (np.sqrt(second[name] / (1 - 0.99 ** step)) + 1e-8)
            params[name] = (params[name] - rate * update).astype(np.float32)
        if step % 100 == 0:
            print(f"step {step}: loss {loss:.3f}", file=sys.stderr, flush=True)
    return params


def save(params, kind, folder):
    writer, weights = gguf.Writer(), {}
    ARGS.type, ARGS.out = kind, folder
    lm.metadata(writer, ARGS)
    for name, matrix in params.items():
        weights[name] = writer.tensor(name, matrix, "f32" if matrix.ndim == 1 else kind)
    lm.save(writer, ARGS)
    greedy = [1] + tokenize("the old man")
    prompt = len(greedy)
    while len(greedy) < prompt + 32:
        greedy.append(int(lm.forward(np.array(greedy), weights, ARGS)[-1].argmax()))
    tokens = np.array([1] + tokenize("a child hears the river at night."), np.int32)
    np.savez_compressed(folder / "golden.npz", tokens=tokens, logits=lm.forward(tokens, weights, ARGS).astype(np.float32),
                        greedy=np.array(greedy, np.int32), greedy_prompt=np.int32(prompt))
    print(kind, "".join(vocabulary()[0][t] for t in greedy).replace("▁", " "))


def main():
    global ARGS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    out = parser.parse_args().out
    lm.Shape.width, lm.Shape.ffn, lm.vocabulary = 32, 64, vocabulary
    sys.argv = ["train_tiny_lm", str(out), "--tied"]
    ARGS = lm.parse()
    params = train()
    for kind in ("f32", "q8_0", "q4_0"):
        save(params, kind, out / f"tiny-lm-{kind}")


if __name__ == "__main__":
    main()
