#!/usr/bin/env python3
"""make_unigram.py OUT [--pieces N] [--bytes] [--rules nmt_nfkc]: trains a Unigram vocabulary with SentencePiece (pip install sentencepiece) on the project's own
text and writes OUT/model.gguf, which has a tokenizer and no tensors, OUT/model.gguf.inp with texts and OUT/model.gguf.out with the ids that
SentencePiece finds for each.

Without --rules the normaliser is made of a few rules written here. test/models/unigram and unigram-bytes (--bytes --keep-spaces) were made by it.
"""
import argparse
import pathlib
import tempfile

import sentencepiece

import gguf

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEPARATOR = b"\n__ggml_vocab_test__\n"
# Characters or sequences, and what they become: wide forms, ligatures, joined accents, other spaces, nothing at all.
RULES = [(chr(0xFF01 + i), chr(0x21 + i)) for i in range(94)] + [
    ("\ufb01", "fi"), ("\ufb02", "fl"), ("\u2026", "..."), ("e\u0301", "\u00e9"), ("e\u0301\u0323", "\u1eb9\u0301"), ("\u2126", "\u03a9"), ("\t", " "), ("\n", " "),
    ("\u00a0", " "), ("\u3000", " "), ("\u2581", " "), ("\u200b", ""), ("\u00ad", ""), ("\u00bd", " 1/2 "), ("\u2122", "tm")]
TEXTS = [
    "the quick brown fox", "The compiler packs each weight once.", "", " ", "   ", "a", " two  spaces  here  ", "\ttabs\tand\nlines\n", "\u3000wide\u3000",
    "\uff26\uff55\uff4c\uff4c \uff57\uff49\uff44\uff54\uff48\uff01", "o\ufb01ce \ufb02ow\u2026", "cafe\u0301 caf\u00e9 e\u0301\u0323", "soft\u00adly\u200b\u200b", "\u200b", "1\u00bd2",
    "\u4f60\u597d \u4e16\u754c", "\U0001f600\U0001f600 \U0001f601", "x\u4f60\u597dy", "12345 67 8", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\u2581x\u2581 \u2581", "</s><s><unk>",
    "<pad> and <pad>", "don't I'LL we've", "Stra\u00dfe \u0130stanbul \u03a3", "e\u0301", "e", "\u0301", "tokens, tokens; (tokens)", "\ufeffmark", "a\u0000b", "ends with space ",
    "weights are packed once and mapped read-only " * 12, "nospacesinthisverylongwordwhichthevocabularyhasnotseen" * 4]
BYTES = [b"\xff", b"a\xc3", b"\xed\xa0\x80 x", b"\xf0\x9f\x98", b"ab\xc0\x80cd", b"\xe2\x96"]


def train(args, folder):
    rules = folder / "rules.tsv"
    hexes = lambda text: " ".join(f"{ord(c):X}" for c in text)
    rules.write_text("".join(f"{hexes(a)}\t{hexes(b)}\n" for a, b in RULES))
    files = [ROOT / "README.md", *sorted(ROOT.glob("*/README.md")), ROOT / "test" / "models" / "sentences.txt"]
    text = folder / "text.txt"
    text.write_text("\n".join(f.read_text() for f in files))
    normaliser = {"normalization_rule_name": args.rules} if args.rules else {"normalization_rule_tsv": str(rules)}
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(folder / "unigram"), model_type="unigram", vocab_size=args.pieces, byte_fallback=args.bytes, character_coverage=0.995,
        remove_extra_whitespaces=not args.keep_spaces, hard_vocab_limit=False, num_threads=1, pad_id=3, minloglevel=2, **normaliser)
    return folder / "unigram.model"


def fields(data):
    """(number, value) of a protocol buffer message."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(key & 7)
        size = varint() if size is None else size
        yield key >> 3, data[at:at + size]
        at += size


def write(model, processor, path):
    normaliser = dict(fields(dict(fields(model.read_bytes()))[3]))
    kinds = [2 if processor.is_unknown(i) else 3 if processor.is_control(i) else 6 if processor.is_byte(i) else 5 if processor.is_unused(i) else 1
             for i in range(len(processor))]
    writer = gguf.Writer()
    writer.add("general.architecture", gguf.STRING, "t5")
    writer.add("tokenizer.ggml.model", gguf.STRING, "t5")
    writer.add("tokenizer.ggml.tokens", (gguf.ARRAY, gguf.STRING), [processor.id_to_piece(i) for i in range(len(processor))])
    writer.add("tokenizer.ggml.scores", (gguf.ARRAY, gguf.F32), [processor.get_score(i) for i in range(len(processor))])
    writer.add("tokenizer.ggml.token_type", (gguf.ARRAY, gguf.I32), kinds)
    for key, number in (("bos", processor.bos_id()), ("eos", processor.eos_id()), ("unknown", processor.unk_id())):
        writer.add(f"tokenizer.ggml.{key}_token_id", gguf.U32, number)
    writer.add("tokenizer.ggml.add_space_prefix", gguf.BOOL, bool(normaliser.get(3, 1)))
    writer.add("tokenizer.ggml.remove_extra_whitespaces", gguf.BOOL, bool(normaliser.get(4, 1)))
    writer.add("tokenizer.ggml.precompiled_charsmap", (gguf.ARRAY, gguf.U8), list(normaliser.get(2, b"")))
    path.write_bytes(writer.bytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--pieces", type=int, default=400, help="size of the vocabulary (400)")
    parser.add_argument("--bytes", action="store_true", help="tokens of bytes for what is not known")
    parser.add_argument("--keep-spaces", action="store_true", help="runs of spaces stay")
    parser.add_argument("--rules", default="", help="a normaliser of SentencePiece's own")
    parser.add_argument("--texts", type=pathlib.Path, help="a file with more texts, one a line")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        model = train(args, pathlib.Path(folder))
        processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
        write(model, processor, args.out / "model.gguf")
    texts = [t.encode() for t in TEXTS] + BYTES + (args.texts.read_bytes().splitlines() if args.texts else [])
    (args.out / "model.gguf.inp").write_bytes(SEPARATOR.join(texts))
    (args.out / "model.gguf.out").write_text("".join(" ".join(map(str, processor.encode(t))) + "\n" for t in texts))


if __name__ == "__main__":
    main()
