"""gguf-flags OUT: models whose descriptions differ from a llama by flags, and one file for each fault of what the flags read. Used by gguf-flags.test."""
import sys

from gguf_edits import replaced, saver, without  # also finds the models' modules
import gguf
import numpy as np

save = saver(sys.argv[1])


def added(key, kind, content):
    return lambda w: w.add(key, kind, content)


for family in ("command-r", "gptneox", "hunyuan-dense", "exaone4", "cohere2", "smallthinker", "arcee", "olmo", "qwen2moe"):
    save(family, family)
save("alone", "nemotron_h_moe")
save("shared", "gemma4-shared")
save("shared-all", "gemma4-shared", replaced("gemma4.attention.shared_kv_layers", gguf.U32, 6))
save("shared-pattern", "gemma4-shared", without("sliding_window_pattern"))
save("shared-values", "gemma4-shared", replaced("gemma4.attention.value_length_swa", gguf.U32, 32))
save("shared-turned", "gemma4-shared", replaced("gemma4.rope.dimension_count_swa", gguf.U32, 32))
save("alone-both", "nemotron_h", replaced("nemotron_h.feed_forward_length", (gguf.ARRAY, gguf.I32), [0, 96, 0, 96, 96]))
save("alone-few", "nemotron_h", replaced("nemotron_h.feed_forward_length", (gguf.ARRAY, gguf.I32), [0, 96]))
SECTIONS = "qwen3vl.rope.dimension_sections", (gguf.ARRAY, gguf.I32)
save("bias-length", "ernie4_5-moe", lambda w: (without("blk.2.exp_probs_b")(w), w.tensor("blk.2.exp_probs_b.bias", np.zeros(3), "f32")))
save("bias-none", "ernie4_5-moe", without("exp_probs_b"))
save("bias-step", "ernie4_5-moe", replaced("ernie4_5-moe.interleave_moe_layer_step", gguf.U32, 2))
save("chosen", "bailingmoe2")
save("latent", "deepseek2")
save("latent-old", "deepseek2-lite")
save("latent-heads", "deepseek2", replaced("deepseek2.attention.head_count_kv", gguf.U32, 4))
save("latent-length", "deepseek2", replaced("deepseek2.attention.key_length", gguf.U32, 64))
save("latent-turned", "deepseek2", replaced("deepseek2.attention.key_length_mla", gguf.U32, 16))
save("streams", "gemma3n")
save("streams-active", "gemma3n", replaced("gemma3n.altup.active_idx", gguf.U32, 1))
save("streams-sparse", "gemma3n", replaced("gemma3n.activation_sparsity_scale", (gguf.ARRAY, gguf.F32), [1.5] * 24))
save("alibi", "mpt")
save("alibi-infinite", "mpt", replaced("mpt.attention.max_alibi_bias", gguf.F32, float("inf")))
save("alibi-none", "mpt", without("max_alibi_bias"))
save("alibi-norm", "jina-bert-v2-gated", without("blk.1.attn_k_norm.weight"))
save("alibi-odd", "bloom", without("blk.1.ffn_norm.bias"))
save("activation", "modern-bert", added("modern-bert.hidden_activation", gguf.STRING, "relu"))
save("activation-silu", "modern-bert", added("modern-bert.hidden_activation", gguf.STRING, "silu"))
save("bend", "apertus", replaced("xielu.beta", (gguf.ARRAY, gguf.F32), [0.5] * 3))
save("bend-none", "apertus", without("xielu.eps"))
save("bend-word", "apertus", replaced("xielu.alpha_n", gguf.STRING, "much"))
save("clamp", "olmo", replaced("olmo.attention.clamp_kqv", gguf.F32, float("inf")))
save("gate-none", "qwen2moe", without("blk.1.ffn_gate_inp_shexp"))
save("gating-none", "smallthinker", without("expert_gating_func"))
save("gating-other", "smallthinker", replaced("smallthinker.expert_gating_func", gguf.U32, 4))
save("groups", "granitemoe", added("granitemoe.expert_group_count", gguf.U32, 2))
save("groups-odd", "bailingmoe2", replaced("bailingmoe2.expert_group_count", gguf.U32, 3))
save("groups-small", "bailingmoe2", replaced("bailingmoe2.expert_used_count", gguf.U32, 5))
save("halves-none", "gptneox", without("use_parallel_residual"))
save("halves-word", "gptneox", replaced("gptneox.use_parallel_residual", gguf.STRING, "yes"))
save("joined", "qwen35moe-joined")
save("joined-rows", "qwen35moe-joined", lambda w: (without("blk.1.ffn_gate_up_exps")(w), w.tensor("blk.1.ffn_gate_up_exps.weight", np.zeros((4, 64, 64)), "f32")))
save("norm-half", "stablelm", without("blk.1.ffn_norm"))
save("norm-heads", "stablelm-beside", without("blk.1.attn_k_norm"))
save("norm-own", "glm4moe-norms", without("blk.1.attn_q_norm"))
save("norm-second", "falcon", lambda w: w.tensor("blk.0.attn_norm_2.weight", np.ones(64), "f32"))  # without its bias
save("one-expert", "hunyuan-dense", added("hunyuan-dense.expert_count", gguf.U32, 1))
save("scale-length", "qwen35moe-joined", lambda w: (without("blk.0.ffn_down_shexp.scale")(w), w.tensor("blk.0.ffn_down_shexp.scale", np.zeros(2), "f32")))
save("scale-input", "qwen35moe-joined", lambda w: w.tensor("blk.0.ffn_down_exps.input_scale", np.ones(4), "f32"))
save("scale-none", "minicpm", without("residual_scale"))
save("sections-few", "qwen3vl", replaced(*SECTIONS, [3, 5]))
save("sections-fourth", "qwen3vl", replaced(*SECTIONS, [3, 3, 1, 1]))
save("sections-word", "qwen3vl", replaced(SECTIONS[0], gguf.STRING, "3 3 2"))
save("shared-none", "dots1", without("expert_shared_count"))
save("window-none", "cohere2", without("sliding_window"))
