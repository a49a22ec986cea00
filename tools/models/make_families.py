#!/usr/bin/env python3
"""make_families.py OUT FAMILY [--type T]: writes OUT/model.gguf, a tiny seeded model of a family with all that distinguishes it, and OUT/golden.npz.

The golden logits or embedding come from families.py, in double precision over the stored weights. judge_families.py compares with llama.cpp.
"""
import argparse
import pathlib

import numpy as np

import families
import gguf
from make_tiny_lm import vocabulary

TOKENS = 200  # of the golden text: longer than a ring of the window and a chunk


def seeded(f, seed):
    """name -> f32 array, in the order of the file; matrices as [rows, columns], experts first."""
    rng, vocab, tensors = np.random.default_rng(seed), len(vocabulary()[0]), {}

    def matrix(name, *shape, gain=1.0):
        tensors[name + ".weight"] = (rng.standard_normal(shape) * gain / shape[-1] ** 0.5).astype(np.float32)

    def bias(name, *shape):
        tensors[name + ".bias"] = (0.1 * rng.standard_normal(shape)).astype(np.float32)

    def norm(name, n=f.width, gain=1.0):
        if f.layer_norm != "bare":
            tensors[name + ".weight"] = (gain + 0.2 * gain * rng.standard_normal(n)).astype(np.float32)
        if f.layer_norm is True and np.ndim(n) == 0:
            bias(name, n)

    def scale(name, shape=(1,)):
        if name.split(".")[-1] in f.scaled:
            tensors[name + ".scale"] = rng.uniform(0.5, 1.5, shape).astype(np.float32)

    def linear(name, rows, columns, biased, gain=1.0):
        matrix(name, rows, columns, gain=gain)
        if biased is True or biased and name.split(".")[-1] in biased:
            bias(name, rows)
        scale(name)

    matrix("token_embd", vocab, f.width, gain=3.0 if f.streams else 1.0 if f.root else 2.0 if f.tied else f.width ** 0.5)
    if f.positions:
        matrix("position_embd", f.context, f.width, gain=f.width ** 0.5)
    if f.types:
        matrix("token_types", 2, f.width, gain=f.width ** 0.5)
    if f.types or f.embed_norm:
        norm("token_embd_norm")
    if f.output_norm:
        norm(f.final_norm)
    if not f.tied:
        matrix("output", vocab, f.width, gain=2)
    if f.bias is not True and f.bias and "output" in f.bias:
        bias("output", vocab)
    for name in f.factors:
        tensors[name + ".weight"] = np.linspace(1, 3 if "short" in name else 9, (f.turned_key or f.turned) // 2).astype(np.float32)
    for i, (rows, columns) in enumerate(f.dense):
        matrix(f"dense_{i + 2}", rows, columns)
    if f.layer_width:
        matrix("per_layer_token_embd", vocab, f.layer_width * f.blocks)
        linear("per_layer_model_proj", f.layer_width * f.blocks, f.width, False)
        norm("per_layer_proj_norm", f.layer_width)
    if f.streams:
        for name in ("altup_proj", "altup_unembd_proj"):
            matrix(name, f.streams - 1, f.width, f.width)
    for i in range(f.blocks):
        block(f, i, tensors, rng, matrix, bias, norm, linear, scale)
    return tensors


def block(f, i, tensors, rng, matrix, bias, norm, linear, scale):
    b = f"blk.{i}."
    for name in families.norms_of(f, i):
        norm(b + name, gain=0.3 if f.streams and name.startswith("post") else 1.0)  # else so many blocks enlarge what is rounded
    if f.second_sum:
        norm(b + "attn_norm_2")
    mixes, feeds = families.halves(f, i)
    if f.latent:
        latent_attention(f, b, norm, matrix, linear)
    elif mixes and f.attends(i):
        attention(f, i, tensors, norm, linear)
    if not mixes:
        pass
    elif f.scan and (f.besides or not f.attends(i)):
        recurrence(f, b, tensors, matrix, bias, linear)
    elif f.delta and not f.attends(i):
        delta_net(f, b, tensors, matrix, bias, linear)
    elif not f.attends(i):
        linear(b + "shortconv.in_proj", 3 * f.width, f.width, False, 1.5)
        matrix(b + "shortconv.conv", f.width, f.taps, gain=1.5)
        linear(b + "shortconv.out_proj", f.width, f.width, False)
    if feeds:
        feed_forward(f, b, families.has_experts(f, i), matrix, bias, linear, scale)
    if f.dense_beside:
        feed_forward(f, b, False, matrix, bias, linear, scale)
        tensors[b + "ffn_gate_inp.scale"] = rng.uniform(20, 40, f.width).astype(np.float32)
        for name in ("post_ffw_norm_1", "pre_ffw_norm_2", "post_ffw_norm_2"):
            norm(b + name)
    if f.layer_width:
        linear(b + "inp_gate", f.layer_width, f.width, False)
        linear(b + "proj", f.width, f.layer_width, False)
        norm(b + "post_norm", gain=0.3 if f.streams else 1.0)
    if f.streams:
        for name, rows, columns in (("altup_router", f.streams, f.width), ("altup_predict_coef", f.streams ** 2, f.streams), ("altup_correct_coef", f.streams, f.streams),
                                    ("laurel_l", f.laurel, f.width), ("laurel_r", f.width, f.laurel)):
            linear(b + name, rows, columns, False, 0.1 if "coef" in name else f.width if "router" in name else 1.0)
        for name in ("altup_router_norm", "laurel_post_norm", "altup_correct_scale"):
            norm(b + name, gain=0.3 if name.startswith("laurel") else 1.0)
    if f.block_scale:
        tensors[b + "layer_output_scale.weight"] = rng.uniform(0.5, 1.5, 1).astype(np.float32)


def attention(f, i, tensors, norm, linear):
    b, head, own = f"blk.{i}.", families.head_of(f, i), families.source_of(f, i) == i or bool(f.streams)  # those files have all, also what nothing reads
    heads, kv_heads = families.heads_of(f, i)
    q, kv, values = heads * head, kv_heads * head, kv_heads * (f.value_head or head)
    if heads and not kv_heads:
        return linear(b + "attn_output", f.width, f.width, f.bias)
    gates = 2 if f.gates else 1
    if f.joined_qkv:
        linear(b + "attn_qkv", q + kv + values, f.width, f.bias, 1.5)
    else:
        for name, rows in (("attn_q", q * gates), ("attn_k", kv * own), ("attn_v", values * own * f.has_values(i))):
            if rows:
                linear(b + name, rows, f.width, f.bias, 1.5)
    linear(b + "attn_output", f.width, heads * (f.value_head or head), f.bias)
    if f.head_gates:
        linear(b + "attn_gate", heads, f.width, False, 3)
    if f.gate_matrix:
        linear(b + "attn_gate", q, f.width, False, 1.5)
    if f.head_norms:
        for name, heads in (("attn_q_norm", heads), ("attn_k_norm", kv_heads))[:1 + own]:
            gain = head ** -0.25 if f.value_norms else 1.0  # where scores have no factor, norms bring it
            norm(b + name, {"each": head, "row": heads * head, "own": (heads, head)}[f.head_norms], gain)
    if f.sinks and (f.sinks is True or f.sinks(i)):
        tensors[b + "attn_sinks.weight"] = np.linspace(-1, 3, heads).astype(np.float32)


def latent_attention(f, b, norm, matrix, linear):
    query_rank, rank, plain, value = f.latent
    query = f.heads * (plain + f.turned)
    if query_rank:
        linear(b + "attn_q_a", query_rank, f.width, False, 1.5)
        norm(b + "attn_q_a_norm", query_rank)
    linear(b + ("attn_q_b" if query_rank else "attn_q"), query, query_rank or f.width, False, 1.5)
    linear(b + "attn_kv_a_mqa", rank + f.turned, f.width, False, 1.5)
    norm(b + "attn_kv_a_norm", rank)
    if f.rows_kept:
        matrix(b + "attn_k_b", f.heads, rank, plain)
        matrix(b + "attn_v_b", f.heads, value, rank)
    else:
        linear(b + "attn_kv_b", f.heads * (plain + value), rank, False)
    linear(b + "attn_output", f.width, f.heads * value, False)


def delta_net(f, b, tensors, matrix, bias, linear):
    heads, width, length, groups, taps = f.delta
    inner, rows = heads * width, heads * width + 2 * groups * length
    made = [("ssm_in", rows + inner)] if f.joined_rows else [("attn_qkv", rows), ("attn_gate", inner)]
    for name, count in made + ([("ssm_ba", 2 * heads)] if f.joined_delta else [("ssm_alpha", heads), ("ssm_beta", heads)]):
        linear(b + name, count, f.width, False, 1.5)
    matrix(b + "ssm_conv1d", rows, taps, gain=1.5)
    bias(b + "ssm_dt", heads)
    tensors[b + "ssm_a"] = -np.geomspace(0.02, 2, heads, dtype=np.float32)  # what is kept long, and what is forgotten soon
    tensors[b + "ssm_norm.weight"] = np.linspace(0.8, 1.2, width, dtype=np.float32)
    linear(b + "ssm_out", f.width, inner, False)


def recurrence(f, b, tensors, matrix, bias, linear):
    heads, width, length, groups, taps = f.scan
    inner, rows = heads * width, heads * width + 2 * groups * length
    linear(b + "ssm_in", inner + rows + heads, f.width, False, 1.5)
    matrix(b + "ssm_conv1d", rows, taps, gain=1.5)
    bias(b + "ssm_conv1d", rows)
    bias(b + "ssm_dt", heads)
    tensors[b + "ssm_a"] = -np.linspace(0.1, 3, heads, dtype=np.float32)[:, None]  # what is kept long, and what is forgotten soon
    tensors[b + "ssm_d"] = np.linspace(0.5, 1.5, heads, dtype=np.float32)[:, None]
    if f.scan_norm:
        tensors[b + "ssm_norm.weight"] = np.linspace(0.8, 1.2, inner, dtype=np.float32).reshape(groups, -1)
    linear(b + "ssm_out", f.width, inner, False)


def feed_forward(f, b, routed, matrix, bias, linear, scale):
    if routed:
        if f.choice_bias:
            bias(b + "exp_probs_b", f.experts)
        linear(b + "ffn_gate_inp", f.experts, f.width, f.bias, 0.5 if f.routed_early else 3)  # of a stream that is not normed sigmoids would all be 1
        inner = [("ffn_gate_up", 2)] if f.joined_experts else [("ffn_gate", 1)] * (f.feed != "plain") + [("ffn_up", 1)]
        for name, rows, columns in (*((name, n * f.expert_ffn, f.width) for name, n in inner), ("ffn_down", f.width, f.expert_ffn)):
            matrix(b + name + "_exps", f.experts, rows, columns, gain=1.5)
            scale(b + name + "_exps", f.experts)
            if f.bias is True:
                bias(b + name + "_exps", f.experts, rows)
        for name, rows, columns in (("ffn_gate", f.shared, f.width), ("ffn_up", f.shared, f.width), ("ffn_down", f.width, f.shared)) if f.shared else ():
            if f.feed != "plain" or name != "ffn_gate":
                linear(b + name + "_shexp", rows, columns, False)
        if f.shared_gate:
            matrix(b + "ffn_gate_inp_shexp", f.width, gain=3)
        return
    ffn = families.ffn_of(f, int(b.split(".")[1]))
    if f.feed == "gated":
        linear(b + "ffn_gate", ffn, f.width, f.bias)
    linear(b + "ffn_up", ffn * (2 if f.feed == "joined" else 1), f.width, f.bias)
    linear(b + "ffn_down", f.width, ffn, f.bias)


def metadata(writer, f):
    a = f.arch
    writer.add("general.architecture", gguf.STRING, a)
    writer.add("general.name", gguf.STRING, "tiny")
    ffn = f.own_ffn or f.ffn if f.one is None else [f.ffn if half == "-" else 0 for half in f.one]
    for key, number in (("block_count", f.blocks), ("context_length", f.context), ("embedding_length", f.width), ("feed_forward_length", ffn),
                        ("attention.head_count", f.own_heads or f.heads), ("attention.key_length", f.head), ("attention.value_length", f.value_head or f.head)):
        if number is not None:
            writer.add(f"{a}.{key}", (gguf.ARRAY, gguf.I32) if isinstance(number, list) else gguf.U32, number)
    if f.own_kv:
        writer.add(f"{a}.attention.head_count_kv", (gguf.ARRAY, gguf.I32), f.own_kv)
    elif f.delta or all(f.attends(i) for i in range(f.blocks)):
        writer.add(f"{a}.attention.head_count_kv", gguf.U32, f.kv_heads)
    else:
        writer.add(f"{a}.attention.head_count_kv", (gguf.ARRAY, gguf.I32), [f.kv_heads if f.attends(i) else 0 for i in range(f.blocks)])
    writer.add(f"{a}.attention.layer_norm_epsilon" if f.layer_norm else f"{a}.attention.layer_norm_rms_epsilon", gguf.F32, f.epsilon)
    if f.turned:
        writer.add(f"{a}.rope.dimension_count", gguf.U32, f.turned_key or f.turned)
        writer.add(f"{a}.rope.freq_base", gguf.F32, f.base)
    if f.experts:
        writer.add(f"{a}.expert_count", gguf.U32, f.experts)
        writer.add(f"{a}.expert_used_count", gguf.U32, f.used)
    if f.window:
        writer.add(f"{a}.attention.sliding_window", gguf.U32, f.window)
    for key, (kind, content) in f.keys.items():
        kind = getattr(gguf, kind)
        writer.add(f"{a}.{key}", (gguf.ARRAY, kind) if isinstance(content, list) else kind, content)
    for name, numbers in zip(("alpha_p", "alpha_n", "beta", "eps"), f.bends or ()):
        writer.add(f"xielu.{name}", (gguf.ARRAY, gguf.F32), numbers)
    tokens, scores, kinds = vocabulary()
    writer.add("tokenizer.ggml.model", gguf.STRING, "llama")
    writer.add("tokenizer.ggml.tokens", (gguf.ARRAY, gguf.STRING), tokens)
    writer.add("tokenizer.ggml.scores", (gguf.ARRAY, gguf.F32), scores)
    writer.add("tokenizer.ggml.token_type", (gguf.ARRAY, gguf.I32), kinds)
    for key, number in (("bos", 1), ("eos", 2), ("unknown", 0)):
        writer.add(f"tokenizer.ggml.{key}_token_id", gguf.U32, number)


def is_plain(name, matrix):
    """Tensors that every converter leaves in f32."""
    return matrix.ndim == 1 or name.endswith((".bias", "_norm.weight", "ssm_a", "ssm_d")) or any(word in name for word in ("ffn_gate_inp", "position_embd", "token_types", "shortconv.conv", "ssm_conv1d", "altup_correct", "altup_predict", "altup_router"))


def written(f, seed=1, type_name="f32"):
    """The file, and the exact values of its tensors."""
    writer, weights = gguf.Writer(), {}
    metadata(writer, f)
    for name, matrix in seeded(f, seed).items():
        stored = name.removesuffix(".weight") if f.bare and name.endswith(f.bare + ".weight") else name
        weights[name] = writer.tensor(stored, matrix, "f32" if is_plain(name, matrix) else type_name)
    return writer, weights


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("family", choices=list(families.FAMILIES))
    parser.add_argument("--type", default="f32", choices=list(gguf.TYPES), help="of the matrices (f32)")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    f = families.FAMILIES[args.family]
    writer, weights = written(f, args.seed, args.type)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "model.gguf").write_bytes(writer.bytes())
    tokens = np.random.default_rng(args.seed + 1).integers(3, len(vocabulary()[0]), TOKENS).astype(np.int32)
    key = "embedding" if f.pooling else "logits"
    np.savez(args.out / "golden.npz", tokens=tokens, **{key: families.forward(tokens, weights, f).astype(np.float32)})


if __name__ == "__main__":
    main()
