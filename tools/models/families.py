"""The families that make_families.py makes models of, and what each computes, in double precision from its definition. Not a tool by itself.

Written without a look at the importer's descriptions: a fault there shows as a difference here, one in both shows in judge_families.py.
"""
import math
from types import SimpleNamespace

import numpy as np

from family_pieces import activate, alibi_slopes, as_large, bent, delta_net, gated, linear, norm, opened, recurrence, short_conv, softmax, sparse


def family(name, arch, **flags):
    made = SimpleNamespace(
        name=name, arch=arch, width=64, heads=4, kv_heads=2, head=16, value_head=None, ffn=96, blocks=4, context=512, base=10000.0, epsilon=1e-5, turned=16,
        halves=True, root=False, positions=False, types=False, tied=False, output_norm=True, layer_norm=False, bias=False, joined_qkv=False,
        head_norms=None, sinks=False, experts=0, expert_ffn=96, used=2, renormalize=True, top_first=False, feed="gated", activation="silu", window=0,
        local=lambda i: False, local_base=None, turns=lambda i: True, factors=(), dense=(), attention_cap=0, logit_cap=0, stretch=None, local_stretch=True,
        temperature=None, pooling=None, attends=lambda i: True, besides=False, taps=0, final_norm="output_norm",
        scan=None, scan_norm=True, shared=0, shared_gate=False, scales=(), logit_factor=1, bare=None, dense_blocks=0,
        sigmoid=False, choice_bias=False, routed_early=False, late_norms=False, ffn_norm="ffn_norm", beside=False, clamp=0, groups=None, norms=("attn_norm", "ffn_norm"),
        one=None, delta=None, in_turn=False, gates=False, joined_delta=False, joined_rows=False, joined_experts=False, scaled=(), local_head=None, local_turned=None, shared_caches=0,
        value_norms=False, has_values=lambda i: True, layer_width=0, block_scale=False, latent=None, rows_kept=False, streams=0, laurel=0, sparse=(), embed_norm=False, first_norm=True, gate_matrix=False, bends=None, dense_beside=False, alibi=0, second_sum=False, own_heads=None, own_kv=None, own_ffn=None, every=1, pieces=False, bare_norms=False, weighed_first=False, head_gates=False, bounds=None, turned_key=None, value_scale=1, judged=True, keys={})
    made.__dict__.update(flags)
    return made


YARN = {"rope.scaling.type": ("STRING", "yarn"), "rope.scaling.factor": ("F32", 8.0), "rope.scaling.original_context_length": ("U32", 64)}
GEMMA = dict(root=True, tied=True, activation="gelu", norms=("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"))
LFM = dict(blocks=5, head_norms="each", tied=True, attends=lambda i: i % 2 == 1, taps=3, final_norm="token_embd_norm", base=1e6)
TAPS = {"shortconv.l_cache": ("U32", 3)}
SCALES = {"embedding_scale": 1.5, "residual_scale": 0.75, "attention.scale": 0.125, "logit_scale": 2.0}


def scan_keys(heads, width, length, groups, taps):
    return {f"ssm.{key}": ("U32", number) for key, number in (("conv_kernel", taps), ("inner_size", heads * width), ("state_size", length),
                                                              ("time_step_rank", heads), ("group_count", groups))}


HYBRID = dict(halves=False, blocks=5, attends=lambda i: i % 2 == 1, turns=lambda i: False, scan=(8, 16, 24, 2, 4), scales=SCALES,
              keys={**scan_keys(8, 16, 24, 2, 4), **{key: ("F32", number) for key, number in SCALES.items()}, "rope.scaling.finetuned": ("BOOL", False)})
QKV = ("attn_q", "attn_k", "attn_v")
MOE = {"expert_feed_forward_length": ("U32", 64)}
IMAGE = {"rope.dimension_sections": ("I32", [3, 3, 2, 0])}
FALCON = dict(layer_norm=True, beside=True, ffn_norm="attn_norm", norms=("attn_norm",), feed="plain", activation="gelu")
COHERE = dict(layer_norm="weight", tied=True, halves=False, beside=True, ffn_norm="attn_norm", norms=("attn_norm",), logit_factor=0.5)
QWEN = dict(base=1e7, turned=8, head_norms="each", gates=True, norms=("attn_norm", "post_attention_norm"), ffn_norm="post_attention_norm", attends=lambda i: i % 2 == 1,
            delta=(6, 32, 32, 2, 4), in_turn=True)
NEXT_KEYS = {**scan_keys(6, 32, 32, 2, 4), "full_attention_interval": ("U32", 2)}
QWEN_EXPERTS = {**MOE, "expert_shared_feed_forward_length": ("U32", 64)}
QWEN_KEYS = {**NEXT_KEYS, "rope.dimension_sections": ("I32", [2, 1, 1, 0])}
NEMOTRON = dict(one="M-M*-", attends=lambda i: i == 3, scan=(8, 16, 24, 2, 4), feed="plain", activation="relu2", norms=("attn_norm",), ffn_norm="attn_norm",
                turned=0)
NEMOTRON_KEYS = {**scan_keys(8, 16, 24, 2, 4), "attention.layer_norm_epsilon": ("F32", 1e-5)}
ROUTED = dict(experts=4, expert_ffn=64, sigmoid=True, choice_bias=True, dense_blocks=1, scales={"expert_weights_scale": 2.5})
ROUTED_KEYS = {**MOE, "expert_gating_func": ("U32", 2), "leading_dense_block_count": ("U32", 1), "expert_weights_norm": ("BOOL", True),
               "expert_weights_scale": ("F32", 2.5)}
DEEPSEEK = dict(halves=False, turned=16)
JINA = dict(kv_heads=4, layer_norm=True, bias=True, types=True, turned=0, tied=True, output_norm=False, activation="erf", alibi=8,
            norms=("attn_output_norm", "layer_output_norm"), pooling="mean", keys={"pooling_type": ("U32", 1), "attention.causal": ("BOOL", False)})
LLAMA4 = dict(halves=False, every=2, turns=lambda i: i % 4 != 3, window=8192, local=lambda i: i % 4 != 3, pieces=True, bare_norms=True, late_norms=True, temperature=(0.1, 8192),
              experts=4, expert_ffn=64, used=1, shared=64, sigmoid=True, renormalize=False, weighed_first=True, base=5e5)
BENDS = [0.8, 0.3, -0.2, 1.1], [0.7, 0.1, 0.9, -0.4], [0.5] * 4, [-1e-6] * 4
POST = ("post_attention_norm", "post_ffw_norm")
GEMMA4 = dict(**GEMMA, base=1e6, head=32, turned=32, local_head=16, local_turned=16, local_base=1e4, head_norms="each", window=24, factors=("rope_freqs",), value_norms=True,
              scales={"attention.scale": 1.0}, block_scale=True, logit_cap=10.0)


def gemma4_keys(windows, shared, layer_width):
    return {"attention.sliding_window_pattern": ("BOOL", windows), "attention.shared_kv_layers": ("U32", shared), "embedding_length_per_layer_input": ("U32", layer_width),
            "attention.key_length_swa": ("U32", 16), "attention.value_length_swa": ("U32", 16), "rope.dimension_count_swa": ("U32", 16),
            "rope.freq_base_swa": ("F32", 1e4), "final_logit_softcapping": ("F32", 10.0)}


FAMILIES = {f.name: f for f in (
    family("gemma2", "gemma2", **GEMMA, window=24, local=lambda i: i % 2 == 0, attention_cap=20.0, logit_cap=10.0,
           keys={"attn_logit_softcapping": ("F32", 20.0), "final_logit_softcapping": ("F32", 10.0)}),
    family("gemma3", "gemma3", **GEMMA, blocks=7, base=1e6, head_norms="each", window=24, local=lambda i: i % 6 != 5, local_base=1e4, stretch=("linear", 8.0),
           local_stretch=False, keys={"rope.scaling.type": ("STRING", "linear"), "rope.scaling.factor": ("F32", 8.0)}),
    family("gemma3n", "gemma3n", **{**GEMMA4, "block_scale": False, "factors": (), "head": 16, "turned": 16, "local_head": None, "local_turned": None, "logit_cap": 30.0},
           blocks=25, local=lambda i: i % 5 != 4, shared_caches=5, layer_width=256, streams=4, laurel=64, sparse=[1.6448533535003662] * 10 + [0] * 15,
           keys={"attention.sliding_window_pattern": ("BOOL", [i % 5 != 4 for i in range(25)]), "attention.shared_kv_layers": ("U32", 5),
                 "embedding_length_per_layer_input": ("U32", 256), "altup.active_idx": ("U32", 0), "altup.num_inputs": ("U32", 4),
                 "activation_sparsity_scale": ("F32", [1.6448533535003662] * 10 + [float("-inf")] * 15), "rope.freq_base_swa": ("F32", 1e4)}),
    family("gemma4", "gemma4", **GEMMA4, blocks=4, local=lambda i: i % 3 != 2, has_values=lambda i: i % 3 != 2,
           keys=gemma4_keys([True, True, False, True], 0, 0)),
    family("gemma4-shared", "gemma4", **GEMMA4, blocks=7, local=lambda i: i % 3 != 2, shared_caches=4, layer_width=32,
           keys=gemma4_keys([True, True, False, True, True, False, True], 4, 32)),
    family("gemma4-moe", "gemma4", **GEMMA4, blocks=4, local=lambda i: i % 2 == 0, experts=4, expert_ffn=64, joined_experts=True, dense_beside=True,
           scaled=("ffn_down_exps",), keys={**gemma4_keys([True, False, True, False], 0, 0), **MOE}),
    family("gemma-embedding", "gemma-embedding", **GEMMA, blocks=7, base=1e6, head_norms="each", window=24, local=lambda i: i % 6 != 5, local_base=1e4,
           dense=((96, 64), (32, 96)), pooling="mean", keys={"pooling_type": ("U32", 1)}),
    family("phi3", "phi3", joined_qkv=True, feed="joined", turned=12, factors=("rope_factors_long", "rope_factors_short"), stretch=("factors", 1.2),
           keys={"rope.scaling.original_context_length": ("U32", 64), "rope.scaling.attn_factor": ("F32", 1.2)}),
    family("smollm3", "smollm3", halves=False, tied=True, turns=lambda i: i % 4 != 3),
    family("olmo2", "olmo2", head_norms="row", norms=POST),
    family("olmo3", "olmo2", head_norms="row", norms=POST, window=24, local=lambda i: i % 4 != 3, stretch=("yarn", 8.0, 64), local_stretch=False, keys=YARN),
    family("starcoder2", "starcoder2", layer_norm=True, bias=True, feed="plain", activation="gelu"),
    family("gpt2", "gpt2", kv_heads=4, layer_norm=True, bias=True, joined_qkv=True, positions=True, turned=0, tied=True, feed="plain", activation="gelu"),
    family("starcoder", "starcoder", kv_heads=1, layer_norm=True, bias=True, joined_qkv=True, positions=True, turned=0, feed="plain", activation="gelu"),
    family("mistral3", "mistral3", halves=False, stretch=("yarn", 8.0, 64, 0.5), temperature=(0.1, 64),
           keys={**YARN, "rope.scaling.yarn_log_multiplier": ("F32", 0.5), "attention.temperature_scale": ("F32", 0.1)}),
    family("mixtral", "llama", halves=False, experts=4),
    family("olmoe", "olmoe", kv_heads=4, head_norms="row", experts=4, renormalize=False),
    family("qwen2moe", "qwen2moe", bias=QKV, experts=4, renormalize=False, expert_ffn=64, shared=96, shared_gate=True,
           keys={**MOE, "expert_shared_feed_forward_length": ("U32", 96)}),
    family("qwen2vl", "qwen2vl", bias=QKV, base=1e6, keys={"rope.dimension_sections": ("I32", [2, 3, 3, 0])}),
    family("qwen3vl", "qwen3vl", head_norms="each", tied=True, base=5e6, keys={**IMAGE, "n_deepstack_layers": ("U32", 3)}),
    family("qwen3vlmoe", "qwen3vlmoe", head_norms="each", base=5e6, experts=4, expert_ffn=64, keys={**IMAGE, **MOE, "n_deepstack_layers": ("U32", 3)}),
    family("gemma", "gemma", **{**GEMMA, "norms": ("attn_norm", "ffn_norm")}),
    family("granitemoe", "granitemoe", halves=False, tied=True, experts=4, shared=64, scales=SCALES,
           keys={**{key: ("F32", number) for key, number in SCALES.items()}, "expert_shared_feed_forward_length": ("U32", 64)}),
    family("seed_oss", "seed_oss", bias=QKV, base=1e7, norms=("attn_norm", "post_attention_norm"), ffn_norm="post_attention_norm"),
    family("ernie4_5", "ernie4_5", halves=False, tied=True, base=5e5),
    family("ernie4_5-moe", "ernie4_5-moe", halves=False, tied=True, experts=4, expert_ffn=64, shared=96, dense_blocks=1, choice_bias=True,
           keys={**MOE, "expert_shared_feed_forward_length": ("U32", 96), "expert_shared_count": ("U32", 2), "leading_dense_block_count": ("U32", 1),
                 "interleave_moe_layer_step": ("U32", 1)}),
    family("hunyuan-dense", "hunyuan-dense", head_norms="each", late_norms=True, tied=True, base=11158840.0,
           keys={"rope.scaling.type": ("STRING", "none"), "rope.scaling.factor": ("F32", 1.0), "rope.scaling.original_context_length": ("U32", 512)}),
    family("internlm2", "internlm2", halves=False, keys={"vocab_size": ("U32", 282)}),
    family("minicpm", "minicpm", halves=False, tied=True, scales={"embedding_scale": 12.0, "residual_scale": 0.7, "logit_scale": 4.0},
           keys={"embedding_scale": ("F32", 12.0), "residual_scale": ("F32", 0.7), "logit_scale": ("F32", 4.0)}),
    family("exaone", "exaone", factors=("rope_freqs",), tied=True, base=1e6),
    family("exaone4", "exaone4", head_norms="each", norms=POST, tied=True, factors=("rope_freqs",), base=1e6),
    family("exaone4-windows", "exaone4", blocks=64, head_norms="each", norms=POST, window=24, local=lambda i: i % 4 != 3,
           turns=lambda i: i % 4 != 3, keys={"attention.sliding_window_pattern": ("BOOL", [i % 4 != 3 for i in range(64)])}),
    family("arcee", "arcee", halves=False, feed="plain", activation="relu2", tied=True),
    family("nemotron", "nemotron", layer_norm=True, feed="plain", activation="relu2", turned=8,
           keys={"rope.scaling.type": ("STRING", "none"), "attention.layer_norm_rms_epsilon": ("F32", 1e-5)}),
    family("olmo", "olmo", kv_heads=4, layer_norm="bare", halves=False, tied=True, clamp=1.5, keys={"attention.clamp_kqv": ("F32", 1.5)}),
    family("xverse", "xverse", kv_heads=4, halves=False, keys={"tensor_data_layout": ("STRING", "Meta AI original pth")}),
    family("orion", "orion", layer_norm=True),
    family("maincoder", "maincoder", halves=False, head_norms="each", late_norms=True, tied=True, base=1e6),
    family("smallthinker", "smallthinker", blocks=5, experts=4, expert_ffn=64, sigmoid=True, routed_early=True, activation="relu", window=4096, local=lambda i: i % 4 != 0,
           turns=lambda i: i % 4 != 0, keys={**MOE, "expert_gating_func": ("U32", 2)}),
    family("phi2", "phi2", **FALCON, kv_heads=4, joined_qkv=True, bias=("attn_qkv", "attn_output", "ffn_up", "ffn_down", "output"), turned=8),
    family("gptneox", "gptneox", **{**FALCON, "norms": ("attn_norm", "ffn_norm"), "ffn_norm": "ffn_norm"}, kv_heads=4, joined_qkv=True, bias=True, turned=4,
           keys={"use_parallel_residual": ("BOOL", True)}),
    family("gptneox-in-turn", "gptneox", layer_norm=True, feed="plain", activation="gelu", kv_heads=4, joined_qkv=True, bias=True, turned=4,
           keys={"use_parallel_residual": ("BOOL", False)}),
    family("stablelm", "stablelm", layer_norm=True, bias=QKV, turned=4, keys={"use_parallel_residual": ("BOOL", True)}),
    family("stablelm-beside", "stablelm", layer_norm=True, beside=True, ffn_norm="attn_norm", norms=("attn_norm",), head_norms="own", turned=4,
           keys={"use_parallel_residual": ("BOOL", True)}),
    family("command-r", "command-r", **COHERE, keys={"logit_scale": ("F32", 0.5), "rope.scaling.type": ("STRING", "none")}),
    family("cohere2", "cohere2", **COHERE, window=24, local=lambda i: i % 4 != 3, turns=lambda i: i % 4 != 3,
           keys={"logit_scale": ("F32", 0.5), "rope.scaling.type": ("STRING", "none")}),
    family("falcon", "falcon", **FALCON, kv_heads=1, joined_qkv=True),
    family("falcon-second", "falcon", **{**FALCON, "norms": ("attn_norm", "attn_norm_2")}, joined_qkv=True),
    family("glm4", "glm4", halves=False, turned=8, bias=QKV, feed="joined", norms=("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm")),
    family("chatglm", "chatglm", halves=False, turned=8, joined_qkv=True, bias=("attn_qkv",), feed="joined"),
    family("nemotron_h", "nemotron_h", blocks=5, **NEMOTRON, keys=NEMOTRON_KEYS),
    family("nemotron_h_moe", "nemotron_h_moe", blocks=5, **NEMOTRON, experts=4, expert_ffn=96, shared=64, sigmoid=True, choice_bias=True,
           scales={"expert_weights_scale": 2.5},
           keys={**NEMOTRON_KEYS, "expert_feed_forward_length": ("U32", 96), "expert_shared_feed_forward_length": ("U32", 64), "expert_shared_count": ("U32", 1),
                 "expert_weights_norm": ("BOOL", True), "expert_weights_scale": ("F32", 2.5), "expert_group_count": ("U32", 1)}),
    family("dots1", "dots1", kv_heads=4, head_norms="each", **ROUTED, shared=128, keys={**ROUTED_KEYS, "expert_shared_count": ("U32", 2)}),
    family("bailingmoe2", "bailingmoe2", joined_qkv=True, turned=8, head_norms="each", **{**ROUTED, "experts": 8}, groups=(4, 2), shared=64,
           keys={**ROUTED_KEYS, "expert_shared_count": ("U32", 1), "expert_shared_feed_forward_length": ("U32", 64), "expert_group_count": ("U32", 4),
                 "expert_group_used_count": ("U32", 2)}),
    family("deepseek", "deepseek", halves=False, **{**ROUTED, "sigmoid": False, "choice_bias": False, "scales": {}}, renormalize=False, shared=64,
           keys={**MOE, "leading_dense_block_count": ("U32", 1), "expert_shared_count": ("U32", 1)}),
    family("deepseek2", "deepseek2", **DEEPSEEK, blocks=4, kv_heads=1, head=80, value_head=64, latent=(32, 64, 32, 32), rows_kept=True, **{**ROUTED, "experts": 8},
           groups=(4, 2), shared=64, stretch=("yarn", 8.0, 64, 0.707),
           keys={**ROUTED_KEYS, **YARN, "rope.scaling.yarn_log_multiplier": ("F32", 0.0707), "expert_shared_count": ("U32", 1), "expert_group_count": ("U32", 4),
                 "expert_group_used_count": ("U32", 2), "attention.q_lora_rank": ("U32", 32), "attention.kv_lora_rank": ("U32", 64),
                 "attention.key_length_mla": ("U32", 48), "attention.value_length_mla": ("U32", 32)}),
    family("deepseek2-lite", "deepseek2", **DEEPSEEK, blocks=26, kv_heads=4, head=48, value_head=32, latent=(0, 64, 32, 32),
           **{**ROUTED, "sigmoid": False, "choice_bias": False, "scales": {}, "dense_blocks": 24}, renormalize=False, shared=128,
           keys={**MOE, "leading_dense_block_count": ("U32", 24), "expert_shared_count": ("U32", 2), "attention.kv_lora_rank": ("U32", 64),
                 "expert_weights_scale": ("F32", 1.0)}),
    family("mistral-large-3", "deepseek2", **DEEPSEEK, blocks=4, kv_heads=1, head=80, value_head=64, latent=(32, 64, 32, 32), rows_kept=True,
           **{**ROUTED, "choice_bias": False, "sigmoid": False, "scales": {}, "experts": 8}, renormalize=False, shared=64, temperature=(0.1, 64),
           keys={**MOE, "leading_dense_block_count": ("U32", 1), "expert_shared_count": ("U32", 1), "expert_gating_func": ("U32", 1),
                 "attention.q_lora_rank": ("U32", 32), "attention.kv_lora_rank": ("U32", 64), "attention.key_length_mla": ("U32", 48),
                 "attention.value_length_mla": ("U32", 32), "attention.temperature_scale": ("F32", 0.1), "attention.temperature_length": ("U32", 64)}),
    family("plm", "plm", **DEEPSEEK, kv_heads=4, head=48, value_head=32, latent=(0, 64, 32, 32), feed="plain", activation="relu2", tied=True,
           keys={"attention.kv_lora_rank": ("U32", 64), "vocab_size": ("U32", 282)}, judged=False),  # llama.cpp ends in an assertion
    family("deci", "deci", blocks=6, halves=False, own_heads=[4, 4, 0, 2, 4, 0], own_kv=[2, 0, 0, 1, 4, 0], own_ffn=[96, 64, 160, 96, 32, 96], factors=("rope_freqs",)),
    family("deci-empty", "deci", blocks=4, halves=False, own_heads=[4, 0, 2, 4], own_kv=[2, 0, 2, 1], own_ffn=[96, 0, 32, 0], judged=False),  # llama.cpp drops what the attention of a block without a feed-forward adds
    family("openelm", "openelm", blocks=3, own_heads=[4, 6, 2], own_kv=[2, 3, 1], own_ffn=[96, 64, 160], head_norms="each", joined_qkv=True, tied=True),
    family("llama4", "llama4", **LLAMA4, blocks=5, keys={**MOE, "interleave_moe_layer_step": ("U32", 2)}),
    family("llama4-scout", "llama4", **{**LLAMA4, "every": 1}, blocks=4, factors=("rope_freqs",), keys={**MOE, "interleave_moe_layer_step": ("U32", 1)}),
    family("mimo2", "mimo2", blocks=5, heads=4, own_kv=[1, 2, 2, 1, 2], head=16, value_head=8, joined_qkv=True, turned=8, base=5e6, local_base=1e4, window=24,
           local=lambda i: i % 3 != 0, sinks=lambda i: i % 3 != 0, value_scale=0.7, **{**ROUTED, "scales": {}},
           keys={**MOE, "attention.sliding_window_pattern": ("I32", [0, 1, 1, 0, 1]), "attention.value_scale": ("F32", 0.7), "nextn_predict_layers": ("U32", 0)}),
    family("step35", "step35", blocks=5, own_heads=[4, 6, 6, 4, 6], own_kv=[2, 3, 3, 2, 3], head_norms="each", head_gates=True, turned=8, local_turned=16, turned_key=16,
           base=5e6, local_base=1e4, factors=("rope_freqs",), window=24, local=lambda i: i % 3 != 0, **{**ROUTED, "scales": {}}, shared=64,
           bounds=([0, 0, 1.5, 2.0, 0], [0, 1.5, 0, 2.0, 0]),
           keys={**ROUTED_KEYS, "attention.sliding_window_pattern": ("BOOL", [False, True, True, False, True]), "moe_every_n_layers": ("U32", 1),
                 "expert_weights_scale": ("F32", 1.0),
                 "expert_shared_feed_forward_length": ("U32", 64), "rope.freq_base_swa": ("F32", 1e4), "swiglu_clamp_exp": ("F32", [0, 0, 1.5, 2.0, 0]),
                 "swiglu_clamp_shexp": ("F32", [0, 1.5, 0, 2.0, 0])}),
    family("bailingmoe", "bailingmoe", halves=False, joined_qkv=True, experts=4, expert_ffn=64, shared=128,
           keys={**MOE, "expert_shared_count": ("U32", 2), "expert_weights_norm": ("BOOL", True), "leading_dense_block_count": ("U32", 0)}),
    family("minimax-m2", "minimax-m2", head_norms="row", turned=8, base=5e6, experts=4, expert_ffn=64, ffn=64, sigmoid=True, choice_bias=True,
           keys={**MOE, "expert_gating_func": ("U32", 2)}),
    family("hunyuan-moe", "hunyuan-moe", head_norms="each", late_norms=True, tied=True, experts=4, expert_ffn=64, ffn=64, shared=96,
           keys={**MOE, "expert_shared_feed_forward_length": ("U32", 96)}),
    family("exaone-moe", "exaone-moe", head_norms="each", **ROUTED, shared=64, base=1e6, window=24, local=lambda i: i % 4 != 3, turns=lambda i: i % 4 != 3,
           keys={**ROUTED_KEYS, "expert_shared_count": ("U32", 1), "expert_shared_feed_forward_length": ("U32", 64)}),
    family("afmoe", "afmoe", **{**GEMMA, "tied": False, "activation": "silu"}, head_norms="each", window=24, local=lambda i: i % 4 != 3, turns=lambda i: i % 4 != 3,
           gate_matrix=True, **ROUTED, shared=64, keys={**ROUTED_KEYS, "expert_shared_count": ("U32", 1)}),
    family("apertus", "apertus", head_norms="each", feed="plain", bends=BENDS, factors=("rope_freqs",), base=12e6),
    family("glm4moe", "glm4moe", bias=QKV, turned=8, norms=("attn_norm", "post_attention_norm"), ffn_norm="post_attention_norm", **ROUTED, shared=64,
           keys={**ROUTED_KEYS, "expert_shared_count": ("U32", 1)}),
    family("glm4moe-norms", "glm4moe", bias=QKV, turned=8, head_norms="each", norms=("attn_norm", "post_attention_norm"), ffn_norm="post_attention_norm", **ROUTED,
           shared=64, keys={**ROUTED_KEYS, "expert_shared_count": ("U32", 1)}),
    family("jais2", "jais2", kv_heads=4, layer_norm=True, bias=True, feed="plain", activation="relu2"),
    family("codeshell", "codeshell", layer_norm=True, bias=True, joined_qkv=True, feed="plain", activation="gelu",
           keys={"rope.scaling.type": ("STRING", "linear"), "rope.scaling.factor": ("F32", 1.0)}),
    family("pangu-embedded", "pangu-embedded", bias=(*QKV, "attn_output"), tied=True, keys={"vocab_size": ("U32", 282)}),
    family("llama-embed", "llama-embed", halves=False, tied=True, pooling="mean", keys={"pooling_type": ("U32", 1), "attention.causal": ("BOOL", False)}),
    family("gpt-oss", "gpt-oss", bias=True, sinks=True, experts=4, top_first=True, activation="oai", window=24, local=lambda i: i % 2 == 0, ffn_norm="post_attention_norm",
           stretch=("yarn", 8.0, 64), norms=("attn_norm", "post_attention_norm"), keys={**YARN, "expert_feed_forward_length": ("U32", 96)}),
    family("lfm2", "lfm2", **LFM, keys=TAPS),
    family("lfm2-embedding", "lfm2", **LFM, pooling="last", keys={**TAPS, "pooling_type": ("U32", 3)}),
    family("lfm2moe", "lfm2moe", **LFM, experts=4, dense_blocks=2, sigmoid=True, choice_bias=True, expert_ffn=64,
           keys={**TAPS, "expert_gating_func": ("U32", 2), "leading_dense_block_count": ("U32", 2), "expert_feed_forward_length": ("U32", 64)}),
    # As Granite 4.0's dense models are converted: with keys of what they do not have.
    family("granite", "granite", halves=False, turns=lambda i: False, scales=SCALES,
           keys={**HYBRID["keys"], "expert_shared_feed_forward_length": ("U32", 96)}),
    family("granitehybrid", "granitehybrid", **HYBRID),
    family("granitehybrid-moe", "granitehybrid", **{**HYBRID, "keys": {**HYBRID["keys"], "expert_shared_feed_forward_length": ("U32", 64)}}, tied=True, experts=4, shared=64),
    family("mamba2", "mamba2", heads=0, kv_heads=0, ffn=0, turned=0, tied=True, attends=lambda i: False, feed=None, norms=("attn_norm",), scan=(8, 16, 32, 2, 4),
           keys=scan_keys(8, 16, 32, 2, 4)),
    family("falcon-h1", "falcon-h1", blocks=3, besides=True, scan=(2, 48, 16, 1, 4), scan_norm=False, bare="ffn_norm",
           keys=scan_keys(2, 48, 16, 1, 4)),
    family("qwen35", "qwen35", **QWEN, blocks=5, tied=True, keys=QWEN_KEYS),
    family("qwen35moe", "qwen35moe", **QWEN, blocks=4, experts=4, shared=64, expert_ffn=64, shared_gate=True, ffn=None,
           keys={**QWEN_KEYS, **QWEN_EXPERTS}),
    family("qwen35moe-joined", "qwen35moe", **QWEN, blocks=4, experts=4, shared=64, expert_ffn=64, shared_gate=True, ffn=None, joined_experts=True,
           scaled=("attn_q", "attn_output", "ssm_out", "ffn_down_shexp", "ffn_down_exps"), keys={**QWEN_KEYS, **QWEN_EXPERTS}),
    family("qwen3next", "qwen3next", **{**QWEN, "in_turn": False}, blocks=4, joined_delta=True, experts=4, shared=64, expert_ffn=64, shared_gate=True,
           keys={**NEXT_KEYS, **QWEN_EXPERTS}),
    family("qwen3next-old", "qwen3next", **{**QWEN, "in_turn": False}, blocks=3, joined_delta=True, joined_rows=True, experts=4, shared=64, expert_ffn=64,
           shared_gate=True, keys={**NEXT_KEYS, **QWEN_EXPERTS}),
    family("bert", "bert", kv_heads=4, layer_norm=True, bias=True, positions=True, types=True, turned=0, tied=True, output_norm=False, feed="plain",
           activation="erf", norms=("attn_output_norm", "layer_output_norm"), pooling="mean", keys={"pooling_type": ("U32", 1)}),
    family("bert-cls", "bert", kv_heads=4, layer_norm=True, bias=True, positions=True, types=True, turned=0, tied=True, output_norm=False, feed="plain",
           activation="erf", norms=("attn_output_norm", "layer_output_norm"), pooling="first", keys={"pooling_type": ("U32", 2)}),
    family("jina-bert-v2", "jina-bert-v2", **JINA, feed="joined"),
    family("jina-bert-v2-gated", "jina-bert-v2", **{**JINA, "heads": 6, "kv_heads": 6, "width": 96}, feed="gated", head_norms="row", second_sum=True),
    family("bloom", "bloom", kv_heads=4, layer_norm=True, bias=True, joined_qkv=True, turned=0, tied=True, embed_norm=True, feed="plain", activation="gelu", alibi=8),
    family("mpt", "mpt", kv_heads=4, layer_norm="weight", joined_qkv=True, turned=0, tied=True, feed="plain", activation="gelu", alibi=6, clamp=1.5,
           keys={"attention.max_alibi_bias": ("F32", 6.0), "attention.clamp_kqv": ("F32", 1.5)}),
    family("mpt-positions", "mpt", kv_heads=4, layer_norm=True, bias=True, joined_qkv=True, turned=0, positions=True, feed="plain", activation="gelu"),
    family("refact", "refact", heads=6, kv_heads=1, width=96, turned=0, alibi=8),
    family("baichuan", "baichuan", kv_heads=4, halves=False, blocks=32),
    family("baichuan-13b", "baichuan", kv_heads=4, halves=False, blocks=40, turns=lambda i: False, alibi=8),
    family("nomic-bert", "nomic-bert", kv_heads=4, layer_norm=True, joined_qkv=True, types=True, tied=True, output_norm=False,
           norms=("attn_output_norm", "layer_output_norm"), pooling="mean", keys={"pooling_type": ("U32", 1), "attention.causal": ("BOOL", False)}),
    family("modern-bert", "modern-bert", kv_heads=4, layer_norm="weight", joined_qkv=True, tied=True, embed_norm=True, first_norm=False, feed="joined", activation="erf",
           base=160000.0, local_base=1e4, window=24, local=lambda i: i % 3 != 0, pooling="mean", keys={"pooling_type": ("U32", 1), "rope.freq_base_swa": ("F32", 1e4)}),
    family("qwen3-embedding", "qwen3", head_norms="each", tied=True, pooling="last", keys={"pooling_type": ("U32", 3)}),
)}


def head_of(f, i):
    return f.local_head if f.local_head and f.local(i) else f.head


def heads_of(f, i):
    return f.own_heads[i] if f.own_heads else f.heads, f.own_kv[i] if f.own_kv else f.kv_heads


def ffn_of(f, i):
    return f.own_ffn[i] if f.own_ffn else f.ffn


def turned_of(f, local):
    return f.local_turned if local and f.local_turned else f.turned


def source_of(f, i):
    """The block whose keys and values a block reads."""
    own = f.blocks - f.shared_caches
    return i if i < own else max(j for j in range(own) if f.local(j) == f.local(i))


def frequencies(w, f, local):
    """Angle of one position for each pair, and the factor on cosine and sine."""
    turned = turned_of(f, local)
    own = (f.local_base or f.base if local else f.base) ** (-2.0 * np.arange(turned // 2) / turned)
    if f.factors and not (local and f.local_turned):
        own = own / w[f.factors[0] + ".weight"][:turned // 2]  # the golden text is longer than the trained context
    if f.stretch is None or (local and not f.local_stretch):
        return own, 1.0
    kind, factor, *rest = f.stretch
    if kind == "factors":
        return own, factor
    if kind == "linear":
        return own / factor, 1.0
    turning = lambda turns: turned * math.log(rest[0] / (turns * 2 * math.pi)) / (2 * math.log(f.base))
    low, high = max(0, math.floor(turning(32))), min(turned - 1, math.ceil(turning(1)))
    share = 1 - np.clip((np.arange(turned // 2) - low) / max(0.001, high - low), 0, 1)
    magnitude = lambda slope: 1 + 0.1 * slope * math.log(factor)
    return own / factor * (1 - share) + own * share, 1 if f.latent else magnitude(1) / magnitude(rest[1] if len(rest) > 1 else 0)


def rotate(x, w, f, i):
    """x [n, heads, length]; elements beyond the turned ones stay."""
    if not f.turned or not f.turns(i):
        return x
    angle, factor = frequencies(w, f, f.local(i))
    turn = np.arange(len(x))[:, None, None] * angle
    c, s = np.cos(turn) * factor, np.sin(turn) * factor
    turned = turned_of(f, f.local(i))
    x, rest = x[..., :turned], x[..., turned:]
    if f.halves:
        a, b = np.split(x, 2, -1)
        x = np.concatenate([a * c - b * s, a * s + b * c], -1)
    else:
        a, b = x[..., 0::2], x[..., 1::2]
        x = np.stack([a * c - b * s, a * s + b * c], -1).reshape(x.shape)
    return np.concatenate([x, rest], -1)


def mask(n, f, i):
    """[n, n]: 0 where a row sees a column, else -inf."""
    back = np.arange(n)[:, None] - np.arange(n)[None]
    causal = f.pooling is None or f.pooling == "last"
    seen = back >= 0 if causal else np.full((n, n), True)
    if f.window and f.local(i):
        seen &= (np.arange(n)[None] >= np.arange(n)[:, None] // f.window * f.window) if f.pieces else back < f.window if causal else abs(back) <= f.window // 2
    slopes = alibi_slopes(heads_of(f, i)[0], f.alibi)[:, None, None]
    return np.where(seen, -slopes * abs(back), -np.inf)


def attention(x, w, f, i, caches):
    b, n, head, (heads, kv_heads) = f"blk.{i}.", len(x), head_of(f, i), heads_of(f, i)
    if heads and not kv_heads:
        return linear(x, w, b + "attn_output")
    sizes = [heads * head * (2 if f.gates else 1), kv_heads * head, kv_heads * (f.value_head or head)]
    if f.joined_qkv:
        q, k, v = np.split(linear(x, w, b + "attn_qkv"), np.cumsum(sizes)[:2], -1)
    else:
        q = linear(x, w, b + "attn_q")
        k = linear(x, w, b + "attn_k") if source_of(f, i) == i else None
        v = linear(x, w, b + "attn_v") if f.has_values(i) and k is not None else k
    if f.gates:
        q, gates = np.split(q.reshape(n, heads, -1), 2, -1)
    if f.clamp:
        q, k, v = (np.clip(t, -f.clamp, f.clamp) for t in (q, k, v))
    if k is not None:
        caches[i] = keys_and_values(k, v, w, f, i)
    q = turned_heads(q, w, f, i, "attn_q_norm", heads)
    if f.temperature and not (f.bare_norms and f.turns(i)):
        q = q * temperatures(n, f)[:, None, None]
    k, v = (np.repeat(t, heads // kv_heads, 1) for t in caches[source_of(f, i)])
    scores = np.einsum("mhd,thd->hmt", q, k) * dict(f.scales).get("attention.scale", head ** -0.5)
    if f.attention_cap:
        scores = f.attention_cap * np.tanh(scores / f.attention_cap)
    sinks = w[b + "attn_sinks.weight"][:, None, None] if b + "attn_sinks.weight" in w else None
    mixed = np.einsum("hmt,thd->mhd", softmax(scores + mask(n, f, i), sinks), v)
    if f.gate_matrix:
        mixed = mixed / (1 + np.exp(-linear(x, w, b + "attn_gate").reshape(mixed.shape)))
    if f.head_gates:
        mixed = mixed / (1 + np.exp(-linear(x, w, b + "attn_gate")))[..., None]
    return linear((mixed / (1 + np.exp(-gates)) if f.gates else mixed).reshape(n, -1), w, b + "attn_output") * f.value_scale


def temperatures(n, f):
    """1 + scale * log(1 + whole lengths that lie before a position, which may count from 1)."""
    return 1 + f.temperature[0] * np.log(1 + np.floor((np.arange(n) + f.bare_norms) / f.temperature[1]))


def turned_heads(x, w, f, i, name, heads):
    name = f"blk.{i}.{name}"
    if f.head_norms == "row":
        x = norm(x, w, name, f)
    x = x.reshape(len(x), heads, -1)
    if f.late_norms:
        x = rotate(x, w, f, i)
    if f.head_norms in ("each", "own"):
        x = norm(x, w, name, f)
    if f.bare_norms and f.turns(i):
        x = norm(x, {}, "", f)
    return x if f.late_norms else rotate(x, w, f, i)


def keys_and_values(k, v, w, f, i):
    k, v = turned_heads(k, w, f, i, "attn_k_norm", heads_of(f, i)[1]), v.reshape(len(v), heads_of(f, i)[1], -1)
    if f.value_norms:
        v = norm(v, {}, "", f)
    return (k, v) if f.pooling else tuple(t.astype(np.float16).astype(np.float64) for t in (k, v))  # the cache holds f16


def latent_attention(x, w, f, i):
    """Keys and values of one short row a token, and of one rotated part for all heads: kept as they are, or as what each head makes of them."""
    (query_rank, rank, plain, value), b, n = f.latent, f"blk.{i}.", len(x)
    half = lambda t: t.astype(np.float16).astype(np.float64)
    q = linear(norm(linear(x, w, b + "attn_q_a"), w, b + "attn_q_a_norm", f), w, b + "attn_q_b") if query_rank else linear(x, w, b + "attn_q")
    q = q.reshape(n, f.heads, -1)
    q, turned = q[..., :plain], rotate(q[..., plain:], w, f, i)
    both = linear(x, w, b + "attn_kv_a_mqa")
    row, shared = norm(both[:, :rank], w, b + "attn_kv_a_norm", f), half(rotate(both[:, None, rank:], w, f, i)[:, 0])
    if f.rows_kept:
        row = half(row)
        scores = np.einsum("mhp,hrp,tr->hmt", q, w[b + "attn_k_b.weight"], row)
    else:
        k, v = np.split(linear(row, w, b + "attn_kv_b").reshape(n, f.heads, -1), [plain], -1)
        scores = np.einsum("mhp,thp->hmt", q, half(k))
    growth = 1 + 0.1 * f.stretch[3] * math.log(f.stretch[1]) if f.stretch else 1
    scores = (scores + np.einsum("mhp,tp->hmt", turned, shared)) * (temperatures(n, f)[:, None] if f.temperature else 1) * growth ** 2 / (plain + f.turned) ** 0.5
    shares = softmax(scores + mask(n, f, i))
    out = np.einsum("hmt,tr,hvr->mhv", shares, row, w[b + "attn_v_b.weight"]) if f.rows_kept else np.einsum("hmt,thv->mhv", shares, half(v))
    return linear(out.reshape(n, -1), w, b + "attn_output")


def mixed(x, w, f, i, caches):
    b = f"blk.{i}."
    if f.latent:
        return latent_attention(x, w, f, i)
    if f.attends(i):
        return attention(x, w, f, i, caches) + (recurrence(x, w, f, b) if f.besides else 0)
    return recurrence(x, w, f, b) if f.scan else delta_net(x, w, f, b) if f.delta else short_conv(x, w, f, b)


def mixture(x, routed, w, f, b):
    scores, out = routed @ w[b + "ffn_gate_inp.weight"].T + w.get(b + "ffn_gate_inp.bias", 0), np.zeros_like(x)
    for row in range(len(x)):
        each = 1 / (1 + np.exp(-scores[row])) if f.sigmoid else softmax(scores[row])
        judged = each + w.get(b + "exp_probs_b.bias", 0)
        if f.groups:
            count, used = f.groups
            best = np.sort(judged.reshape(count, -1), -1)[:, -2:].sum(-1)
            judged = np.where(np.isin(np.arange(count), np.argsort(-best, kind="stable")[:used])[:, None], judged.reshape(count, -1), -np.inf).ravel()
        chosen = np.argsort(-judged, kind="stable")[:f.used]
        before = (lambda v, s: v * s) if f.weighed_first else (lambda v, s: v)
        shares = each[chosen] / (each[chosen].sum() if f.top_first or f.renormalize else 1)
        for e, share in zip(chosen, shares * dict(f.scales).get("expert_weights_scale", 1)):
            of = lambda name, fallback: w[b + name][e] if b + name in w else fallback
            one = lambda name, v: w[b + name + "_exps.weight"][e] @ v * of(name + "_exps.scale", 1) + of(name + "_exps.bias", 0)
            read = before(x[row], share)
            inner = gated(*np.split(one("ffn_gate_up", read), 2), f) if f.joined_experts else opened(lambda: one("ffn_gate", read), one("ffn_up", read), f, bounds_of(f, b)[0])
            out[row] += (1 if f.weighed_first else share) * one("ffn_down", inner)
    return out


def bounds_of(f, b):
    """What activations are bounded by in the experts of a block and elsewhere in it; 0: nothing."""
    return [each[int(b.split(".")[1])] for each in f.bounds] if f.bounds else (0, 0)


def has_experts(f, i):
    return f.experts and i >= f.dense_blocks and (i + 1) % f.every == 0 and halves(f, i)[1]


def halves(f, i):
    """Whether a block mixes tokens, and whether it has a feed-forward."""
    return (heads_of(f, i)[0] > 0 or not f.own_heads, bool(f.feed) and ffn_of(f, i) != 0) if f.one is None else (f.one[i] != "-", f.one[i] == "-")


def feed_forward(x, entering, w, f, b):
    if has_experts(f, int(b.split(".")[1])):
        one = lambda v: linear(opened(lambda: linear(v, w, b + "ffn_gate_shexp"), linear(v, w, b + "ffn_up_shexp"), f, bounds_of(f, b)[1]), w, b + "ffn_down_shexp")
        share = 1 / (1 + np.exp(-x @ w[b + "ffn_gate_inp_shexp.weight"]))[:, None] if f.shared_gate else 1
        return mixture(x, entering if f.routed_early else x, w, f, b) + (share * one(x) if f.shared else 0)
    return dense_feed(x, w, f, b)


def dense_feed(x, w, f, b):
    up = linear(x, w, b + "ffn_up")
    if f.bends:
        return linear(bent(up, *(numbers[int(b.split(".")[1])] for numbers in f.bends)), w, b + "ffn_down")
    if f.feed == "plain":
        return linear(activate(up, f.activation), w, b + "ffn_down")
    gate, up = np.split(up, 2, -1) if f.feed == "joined" else (linear(x, w, b + "ffn_gate"), up)
    if f.sparse:
        gate = sparse(gate, f.sparse[int(b.split(".")[1])])
    return linear(gated(gate, up, f, bounds_of(f, b)[1]), w, b + "ffn_down")


def behind(x, brought, w, f, b):
    """What the tokens bring to a block joins the stream behind it, which may have a factor."""
    if f.layer_width:
        given = linear(activate(linear(x, w, b + "inp_gate"), f.activation) * brought, w, b + "proj")
        x = x + norm(given, w, b + "post_norm", f)
    return x * w.get(b + "layer_output_scale.weight", 1)


def dense_and_experts(x, w, f, b):
    dense = norm(dense_feed(norm(x, w, b + "ffn_norm", f), w, f, b), w, b + "post_ffw_norm_1", f)
    routed = norm(x, {}, "", f) / math.sqrt(f.width) * w[b + "ffn_gate_inp.scale"]
    return dense + norm(mixture(norm(x, w, b + "pre_ffw_norm_2", f), routed, w, f, b), w, b + "post_ffw_norm_2", f)


def brought_to_blocks(tokens, x, w, f):
    if not f.layer_width:
        return [None] * f.blocks
    own = w["per_layer_token_embd.weight"][tokens].reshape(len(x), f.blocks, -1) * math.sqrt(f.layer_width)
    projected = linear(x, w, "per_layer_model_proj").reshape(own.shape) / math.sqrt(f.width)
    return np.moveaxis((own + norm(projected, w, "per_layer_proj_norm", f)) / math.sqrt(2), 1, 0)


def blocks_of_streams(x, tokens, w, f):
    """Streams [A, n, width] side by side; blocks compute the first."""
    brought, caches = brought_to_blocks(tokens, x, w, f), {}
    x = np.concatenate([x[None], as_large(np.einsum("me,afe->amf", x, w["altup_proj.weight"]), x[None])])
    for i in range(f.blocks):
        b = f"blk.{i}."
        routed = lambda t: np.tanh(norm(t, w, b + "altup_router_norm", f) / f.width @ w[b + "altup_router.weight"].T)
        x = x + np.einsum("mij,jme->ime", (routed(x[0]) @ w[b + "altup_predict_coef.weight"].T).reshape(-1, f.streams, f.streams), x)
        normed = norm(x[0], w, b + "attn_norm", f)
        low = normed + norm(normed @ w[b + "laurel_l.weight"].T @ w[b + "laurel_r.weight"].T, w, b + "laurel_post_norm", f)
        y = (x[0] + norm(attention(normed, w, f, i, caches), w, b + "post_attention_norm", f) + low) / math.sqrt(2)
        y = y + norm(dense_feed(norm(y, w, b + "ffn_norm", f), w, f, b), w, b + "post_ffw_norm", f)
        x = x + (1 + routed(y) @ w[b + "altup_correct_coef.weight"].T).T[..., None] * (y - x[0])
        own = activate((x[0] * w[b + "altup_correct_scale.weight"]) @ w[b + "inp_gate.weight"].T, f.activation) * brought[i]
        x = np.concatenate([x[:1], x[1:] + norm(own @ w[b + "proj.weight"].T, w, b + "post_norm", f)])
    others = as_large(np.einsum("ame,afe->amf", x[1:], w["altup_unembd_proj.weight"]), x[:1])
    return norm((x[0] + others.sum(0)) / f.streams, w, "output_norm", f)


def norms_of(f, i):
    names = f.norms if i or f.first_norm else f.norms[1:]
    mixes, feeds = halves(f, i)
    return [name for name in names if f.own_heads is None or (mixes if name == "attn_norm" else feeds)]


def blocks(x, tokens, w, f):
    if f.streams:
        return blocks_of_streams(x, tokens, w, f)
    brought, caches = brought_to_blocks(tokens, x, w, f), {}
    scale = dict(f.scales).get("residual_scale", 1)
    for i in range(f.blocks):
        b = f"blk.{i}."
        has = lambda name: name in norms_of(f, i)
        maybe = lambda value, name: norm(value, w, b + name, f) if has(name) else value
        mixes, feeds = halves(f, i)
        added = mixed(maybe(x, "attn_norm_2" if has("attn_norm_2") else "attn_norm"), w, f, i, caches) * scale if mixes else 0
        if not feeds:
            x = x + added
            continue
        entering = x
        x = maybe(x + (added if f.ffn_norm == "post_attention_norm" else maybe(added, "post_attention_norm")), "attn_output_norm")
        x = norm(x + entering, w, b + "attn_norm_2", f) if f.second_sum else x
        given = dense_and_experts(x, w, f, b) if f.dense_beside else feed_forward(maybe(entering if f.beside else x, f.ffn_norm), entering, w, f, b)
        x = behind(maybe(x + maybe(given * scale, "post_ffw_norm"), "layer_output_norm"), brought[i], w, f, b)
    return norm(x, w, f.final_norm, f) if f.output_norm else x


def forward(tokens, w, f):
    """Logits [n, vocabulary], or the embedding [1, width]."""
    x = w["token_embd.weight"][tokens] * (math.sqrt(f.width) if f.root else dict(f.scales).get("embedding_scale", 1))
    if f.positions:
        x = x + w["position_embd.weight"][:len(x)]
    if f.types:
        x = x + w["token_types.weight"][0]
    if f.types or f.embed_norm:
        x = norm(x, w, "token_embd_norm", f)
    x = blocks(x, tokens, w, f)
    if f.pooling:
        x = {"mean": x.mean(0), "first": x[0], "last": x[-1]}[f.pooling][None]
        for i in range(len(f.dense)):
            x = linear(x, w, f"dense_{i + 2}")
        return x
    logits = x @ w["token_embd.weight"].T if f.tied else linear(x, w, "output")
    logits = logits * f.logit_factor / dict(f.scales).get("logit_scale", 1)
    return f.logit_cap * np.tanh(logits / f.logit_cap) if f.logit_cap else logits
