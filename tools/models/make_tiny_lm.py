#!/usr/bin/env python3
"""make_tiny_lm.py OUT [options]: writes OUT/model.gguf, a small language model of the project's own, and OUT/golden.npz with its logits.

The weights are seeded, the tokenizer knows 256 bytes and some pieces. The golden logits come from a forward pass in double precision over
the stored (quantised) weights, written here from the architecture's definition. Options choose what a test wants to see in a file.
"""
import argparse
import pathlib

import numpy as np

import gguf

LETTERS = "etaoinshrdlu"
PIECES = ["▁"] + list(LETTERS) + ["▁t", "he", "▁the", "in", "re", "an", "▁a", "on", "▁s", "er"]


class Shape:
    """Sizes of the model; head length = width / heads."""
    width, heads, kv_heads, ffn, blocks, context, base, epsilon = 64, 4, 2, 96, 2, 128, 10000.0, 1e-5


def vocabulary():
    """Pieces, scores and token types of a sentence-piece vocabulary."""
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] + PIECES
    scores = [0.0] * 259 + [-float(i) for i in range(len(PIECES))]
    return tokens, scores, [2, 3, 3] + [6] * 256 + [1] * len(PIECES)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--type", default="f32", choices=list(gguf.TYPES), help="of the matrices (f32)")
    parser.add_argument("--arch", default="llama", help="general.architecture (llama)")
    parser.add_argument("--experts", type=int, default=0, help="experts a block, two of them used (0: dense)")
    parser.add_argument("--tied", action="store_true", help="no output matrix")
    parser.add_argument("--bias", action="store_true", help="biases of q, k, v and the attention's output")
    parser.add_argument("--head-norms", action="store_true", help="RMS norms of the heads of q and k")
    parser.add_argument("--halves", action="store_true", help="rotate the halves of a head instead of adjacent pairs")
    parser.add_argument("--rope-factors", action="store_true", help="a tensor of divisors of the frequencies")
    parser.add_argument("--rope", default="none", help="none, linear:FACTOR or yarn:FACTOR:TRAINED_CONTEXT")
    parser.add_argument("--scales", action="store_true", help="scales of embedding, residuals, attention and logits (granite)")
    parser.add_argument("--chat", action="store_true", help="control tokens and the template of a chat (ChatML)")
    parser.add_argument("--split", type=int, default=1, help="parts of a split set (1)")
    parser.add_argument("--width", type=int, default=Shape.width, help="numbers of a token's vector (64); the inner layer has 4 times as many if given")
    parser.add_argument("--blocks", type=int, default=Shape.blocks, help="layers (2)")
    parser.add_argument("--tokens", type=int, default=24, help="length of the golden sequence (24)")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.width != Shape.width:
        Shape.width, Shape.ffn = args.width, 4 * args.width
    Shape.blocks = args.blocks
    return args


def seeded(args):
    """name -> f32 array, in the order of the file; matrices as [rows, columns], experts first."""
    rng = np.random.default_rng(args.seed)
    s, vocab = Shape, len(vocabulary()[0])

    def matrix(*shape, gain=1.0):
        return (rng.standard_normal(shape) * gain / shape[-1] ** 0.5).astype(np.float32)

    def near_one(n):
        return (1 + 0.2 * rng.standard_normal(n)).astype(np.float32)

    kv = s.kv_heads * (s.width // s.heads)
    tensors = {"token_embd.weight": matrix(vocab, s.width, gain=s.width ** 0.5), "output_norm.weight": near_one(s.width)}
    if not args.tied:
        tensors["output.weight"] = matrix(vocab, s.width, gain=2)
    if args.rope_factors:
        tensors["rope_freqs.weight"] = np.linspace(1, 4, s.width // s.heads // 2).astype(np.float32)
    for i in range(s.blocks):
        b = f"blk.{i}."
        tensors[b + "attn_norm.weight"] = near_one(s.width)
        for name, rows in (("attn_q", s.width), ("attn_k", kv), ("attn_v", kv), ("attn_output", s.width)):
            tensors[b + name + ".weight"] = matrix(rows, s.width, gain=1.5)
            if args.bias:
                tensors[b + name + ".bias"] = matrix(rows)
        if args.head_norms:
            tensors[b + "attn_q_norm.weight"] = near_one(s.width // s.heads)
            tensors[b + "attn_k_norm.weight"] = near_one(s.width // s.heads)
        tensors[b + "ffn_norm.weight"] = near_one(s.width)
        lead, ending = ((args.experts,), "_exps.weight") if args.experts else ((), ".weight")
        if args.experts:
            tensors[b + "ffn_gate_inp.weight"] = matrix(args.experts, s.width, gain=3)
        for name, shape in (("ffn_gate", (s.ffn, s.width)), ("ffn_up", (s.ffn, s.width)), ("ffn_down", (s.width, s.ffn))):
            tensors[b + name + ending] = matrix(*lead, *shape, gain=1.5)
    return tensors


def metadata(writer, args):
    s, a = Shape, args.arch
    tokens, scores, kinds = vocabulary()
    writer.add("general.architecture", gguf.STRING, a)
    writer.add("general.name", gguf.STRING, "tiny-lm")
    for key, number in (("block_count", s.blocks), ("context_length", s.context), ("embedding_length", s.width), ("feed_forward_length", s.ffn),
                        ("attention.head_count", s.heads), ("attention.head_count_kv", s.kv_heads), ("rope.dimension_count", s.width // s.heads)):
        writer.add(f"{a}.{key}", gguf.U32, number)
    writer.add(f"{a}.attention.layer_norm_rms_epsilon", gguf.F32, s.epsilon)
    writer.add(f"{a}.rope.freq_base", gguf.F32, s.base)
    if args.experts:
        writer.add(f"{a}.expert_count", gguf.U32, args.experts)
        writer.add(f"{a}.expert_used_count", gguf.U32, 2)
    kind, *numbers = args.rope.split(":")
    if kind != "none":
        writer.add(f"{a}.rope.scaling.type", gguf.STRING, kind)
        writer.add(f"{a}.rope.scaling.factor", gguf.F32, float(numbers[0]))
    if kind == "yarn":
        writer.add(f"{a}.rope.scaling.original_context_length", gguf.U32, int(numbers[1]))
    for key, number in SCALES.items() if args.scales else ():
        writer.add(f"{a}.{key}", gguf.F32, number)
    if args.chat:
        tokens[-2:], kinds[-2:] = ["<|im_start|>", "<|im_end|>"], [3, 3]
        writer.add("tokenizer.chat_template", gguf.STRING, "{% for m in messages %}<|im_start|>{{ m.role }} {{ m.content }}<|im_end|>{% endfor %}")
    writer.add("tokenizer.ggml.model", gguf.STRING, "llama")
    writer.add("tokenizer.ggml.tokens", (gguf.ARRAY, gguf.STRING), tokens)
    writer.add("tokenizer.ggml.scores", (gguf.ARRAY, gguf.F32), scores)
    writer.add("tokenizer.ggml.token_type", (gguf.ARRAY, gguf.I32), kinds)
    for key, number in (("bos", 1), ("eos", 2), ("unknown", 0)):
        writer.add(f"tokenizer.ggml.{key}_token_id", gguf.U32, number)


SCALES = {"embedding_scale": 6.0, "residual_scale": 0.25, "attention.scale": 0.125, "logit_scale": 4.0}


def frequencies(args):
    """Angle of one position for each pair, and the factor on cosine and sine."""
    s, dims = Shape, Shape.width // Shape.heads
    pair = np.arange(dims // 2)
    own = s.base ** (-2.0 * pair / dims)
    if args.rope_factors:
        own = own / np.linspace(1, 4, dims // 2).astype(np.float32)
    kind, *numbers = args.rope.split(":")
    if kind == "none":
        return own, 1.0
    factor = float(numbers[0])
    if kind == "linear":
        return own / factor, 1.0
    turning = lambda turns: dims * np.log(int(numbers[1]) / (turns * 2 * np.pi)) / (2 * np.log(s.base))
    low, high = max(0, np.floor(turning(32))), min(dims - 1, np.ceil(turning(1)))
    share = 1 - np.clip((pair - low) / max(0.001, high - low), 0, 1)
    return own / factor * (1 - share) + own * share, 1 + 0.1 * np.log(factor)


def rotate(x, args):
    """x [n, heads, length]"""
    angle, factor = frequencies(args)
    turn = np.arange(len(x))[:, None, None] * angle
    c, s = np.cos(turn) * factor, np.sin(turn) * factor
    if args.halves:
        a, b = np.split(x, 2, -1)
        return np.concatenate([a * c - b * s, a * s + b * c], -1)
    a, b = x[..., 0::2], x[..., 1::2]
    return np.stack([a * c - b * s, a * s + b * c], -1).reshape(x.shape)


def norm(x, weight):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(Shape.epsilon)) * weight


def silu(x):
    return x / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention(x, w, b, args):
    s, n, length = Shape, len(x), Shape.width // Shape.heads

    def project(name, heads):
        y = x @ w[b + name + ".weight"].T + w.get(b + name + ".bias", 0)
        return y.reshape(n, heads, length)

    q, k, v = project("attn_q", s.heads), project("attn_k", s.kv_heads), project("attn_v", s.kv_heads)
    if args.head_norms:
        q, k = norm(q, w[b + "attn_q_norm.weight"]), norm(k, w[b + "attn_k_norm.weight"])
    q, k = rotate(q, args), rotate(k, args)
    k, v = (np.repeat(t, s.heads // s.kv_heads, 1) for t in (k, v))
    scale = SCALES["attention.scale"] if args.scales else length ** -0.5
    scores = np.einsum("mhd,thd->hmt", q, k) * scale + np.triu(np.full((n, n), -np.inf), 1)
    mixed = np.einsum("hmt,thd->mhd", softmax(scores), v).reshape(n, -1)
    return mixed @ w[b + "attn_output.weight"].T + w.get(b + "attn_output.bias", 0)


def feed_forward(x, w, b, args):
    if not args.experts:
        return (silu(x @ w[b + "ffn_gate.weight"].T) * (x @ w[b + "ffn_up.weight"].T)) @ w[b + "ffn_down.weight"].T
    shares = softmax(x @ w[b + "ffn_gate_inp.weight"].T)
    out = np.zeros_like(x)
    for row, share in enumerate(shares):
        chosen = np.argsort(-share, kind="stable")[:2]
        for e in chosen:
            gate, up, down = (w[b + f"ffn_{name}_exps.weight"][e] for name in ("gate", "up", "down"))
            out[row] += share[e] / share[chosen].sum() * ((silu(gate @ x[row]) * (up @ x[row])) @ down.T)
    return out


def forward(tokens, w, args):
    """Logits [n, vocabulary] in double precision."""
    scale = SCALES if args.scales else {"embedding_scale": 1.0, "residual_scale": 1.0, "logit_scale": 1.0}
    x = w["token_embd.weight"][tokens] * scale["embedding_scale"]
    for i in range(Shape.blocks):
        b = f"blk.{i}."
        x = x + attention(norm(x, w[b + "attn_norm.weight"]), w, b, args) * scale["residual_scale"]
        x = x + feed_forward(norm(x, w[b + "ffn_norm.weight"]), w, b, args) * scale["residual_scale"]
    out = w["token_embd.weight"] if args.tied else w["output.weight"]
    return norm(x, w["output_norm.weight"]) @ out.T / scale["logit_scale"]


def save(writer, args):
    args.out.mkdir(parents=True, exist_ok=True)
    if args.split == 1:
        (args.out / "model.gguf").write_bytes(writer.bytes())
        return
    total, size = writer.tensors, -(-len(writer.tensors) // args.split)
    entries = writer.entries
    for part in range(args.split):
        writer.entries = (entries if part == 0 else []) + [("split.no", gguf.U16, part), ("split.count", gguf.U16, args.split),
                                                           ("split.tensors.count", gguf.I32, len(total))]
        name = f"model-{part + 1:05}-of-{args.split:05}.gguf"
        (args.out / name).write_bytes(writer.bytes(total[part * size:(part + 1) * size]))


def main():
    args = parse()
    writer, weights = gguf.Writer(), {}
    metadata(writer, args)
    for name, matrix in seeded(args).items():
        plain = matrix.ndim == 1 or name.endswith("ffn_gate_inp.weight")
        weights[name] = writer.tensor(name, matrix, "f32" if plain else args.type)
    save(writer, args)
    tokens = np.random.default_rng(args.seed + 1).integers(3, len(vocabulary()[0]), args.tokens).astype(np.int32)
    np.savez(args.out / "golden.npz", tokens=tokens, logits=forward(tokens, weights, args).astype(np.float32))


if __name__ == "__main__":
    main()
