"""gguf-hybrid OUT: models with other mixers than attention, and one file for each fault that such a model can have. Used by gguf-hybrid.test."""
import sys

from gguf_edits import replaced, saver, without  # also finds the models' modules
import gguf
import numpy as np

save = saver(sys.argv[1])
HEADS = "lfm2.attention.head_count_kv", (gguf.ARRAY, gguf.I32)
save("lfm2", "lfm2")
save("no-taps", "lfm2", without("shortconv.l_cache"))
for taps in 0, 1, 1 << 31:
    save(f"taps-{taps}", "lfm2", replaced("lfm2.shortconv.l_cache", gguf.U32, taps))
save("other-taps", "lfm2", replaced("lfm2.shortconv.l_cache", gguf.U32, 4))
save("few-heads", "lfm2", replaced(*HEADS, [0, 2, 0, 2]))
save("bad-heads", "lfm2", replaced(*HEADS, [0, 2, -1, 2, 0]))
save("odd-heads", "lfm2", replaced(*HEADS, [0, 2, 0, 3, 0]))
save("moved", "lfm2", replaced(*HEADS, [2, 0, 0, 2, 0]))
save("no-heads", "qwen3-embedding", replaced("qwen3.attention.head_count_kv", gguf.U32, 0))
save("no-filter", "lfm2", without("blk.0.shortconv.conv"))
save("sigmoid", "lfm2moe")
save("softmax", "lfm2moe", replaced("lfm2moe.expert_gating_func", gguf.U32, 1))
save("all-dense", "lfm2moe", replaced("lfm2moe.leading_dense_block_count", gguf.U32, 6))
save("no-choice", "lfm2moe", without("blk.2.exp_probs_b"))

H = "granitehybrid.ssm."
save("pure", "mamba2")
save("pure-heads", "mamba2", replaced("mamba2.attention.head_count", gguf.U32, 4))
save("pure-ffn", "mamba2", replaced("mamba2.feed_forward_length", gguf.U32, 96))
save("hybrid", "granitehybrid")
save("falcon", "falcon-h1")
for name, key, number in (("scan-inner", "inner_size", 0), ("scan-heads", "time_step_rank", 7), ("scan-groups", "group_count", 3), ("scan-taps", "conv_kernel", 1),
                          ("scan-state", "state_size", 1 << 31), ("scan-wide", "state_size", 1 << 24)):
    save(name, "granitehybrid", replaced(H + key, gguf.U32, number))
save("scan-no-state", "granitehybrid", without("ssm.state_size"))
save("scan-no-norm", "granitehybrid", without("blk.0.ssm_norm"))
save("scan-attention", "granitehybrid", replaced("granitehybrid.attention.head_count_kv", gguf.U32, 2))

Q = "qwen35."


def with_drafts(w, blocks, drafts):
    replaced(Q + "block_count", gguf.U32, blocks)(w)
    w.add(Q + "nextn_predict_layers", gguf.U32, drafts)
    for name in "nextn.eh_proj", "attn_norm":
        w.tensor(f"blk.{blocks - 1}.{name}.weight", np.ones((64,), np.float32), "f32")


def flagged(w, flags):
    without("full_attention_interval")(w)
    w.add(Q + "attention.recurrent_layers", (gguf.ARRAY, gguf.BOOL), flags)


save("delta", "qwen35")
save("delta-shares", "qwen3next")
save("delta-joined", "qwen3next-old")
save("delta-experts", "qwen35moe")
save("delta-every", "qwen35", without("full_attention_interval"))
save("delta-flags", "qwen35", lambda w: flagged(w, [True, False, True, False, True]))
save("delta-few-flags", "qwen35", lambda w: flagged(w, [True, False]))
save("delta-value", "qwen35", replaced(Q + "attention.value_length", gguf.U32, 32))
for name, sections in (("short", [2, 1]), ("still", [1, 1, 1, 1])):
    save(f"delta-{name}-sections", "qwen35", replaced(Q + "rope.dimension_sections", (gguf.ARRAY, gguf.I32), sections))
save("delta-no-step", "qwen35", without("blk.0.ssm_dt"))
save("delta-no-score", "qwen35moe", without("blk.0.ffn_gate_inp_shexp"))
save("delta-no-width", "qwen35moe", without("expert_feed_forward_length"))
save("drafts", "qwen35", lambda w: with_drafts(w, 6, 1))
save("drafts-all", "qwen35", lambda w: with_drafts(w, 6, 6))
save("no-drafts", "qwen3-embedding", lambda w: w.add("qwen3.nextn_predict_layers", gguf.U32, 1))
