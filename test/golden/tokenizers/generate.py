"""Goldens of tokenisation.

Trains small SentencePiece unigram models on sentences of our own, laid out as DeBERTa-v3's, and
writes the sentencepiece library's ids of a list of awkward texts. With a BERT folder as argument
it also writes transformers' ids of texts for it (minilm.json).

    python generate.py [FOLDER_OF_ALL_MINILM_L6_V2]

Needs sentencepiece and, for the second part, transformers.
"""

import io
import itertools
import json
import random
import sys
from pathlib import Path

import sentencepiece

HERE = Path(__file__).parent
SEED = 20260101

SUBJECTS = ["I", "We", "My sister", "The neighbour", "An old friend", "Nobody", "The whole team", "Grandpa"]
VERBS = ["was afraid of", "laughed about", "could not believe", "is angry with", "misses", "loves", "forgot", "feared"]
OBJECTS = ["the storm", "that letter", "his birthday", "the long queue", "our broken window", "a quiet evening",
           "the exam results", "unexpected guests", "the café in Köln", "naïve promises", "two thousand miles"]
ENDINGS = [".", "!", "!!", "...", " :)", " :(", "?", " again today.", " and cried.", " \U0001f602", " \u2764\ufe0f", " tbh"]

SYLLABLES = ["ka", "lo", "mi", "ter", "an", "ing", "str", "ou", "be", "un", "re", "ness", "fel", "gar", "so", "ly", "er", "qui", "ver", "day"]


def corpus():
    rng = random.Random(SEED)
    lines = [f"{s} {v} {o}{e}" for s, v, o, e in itertools.product(SUBJECTS, VERBS, OBJECTS, ENDINGS)]
    rng.shuffle(lines)
    extra = ["日本語の文章です。", "今日は雨が降った。", "Привет, мир!", "γειά σου κόσμε", "über straße größe", "I'm don't can't won't",
             "10 20 30 2026 3.14 50%", "#happy @friend http://example.org"]
    words = ["".join(rng.choice(SYLLABLES) for _ in range(rng.randint(1, 4))) for _ in range(600)]
    made_up = [" ".join(rng.choice(words) for _ in range(rng.randint(3, 9))) for _ in range(2000)]
    return lines[:3000] + made_up + extra * 5


def texts():
    rng = random.Random(SEED + 1)
    fixed = [
        "", " ", "   ", "\t", "\n", "\r\n", "a", "I", ".", "▁", "▁▁", " ▁ ", "▁hello", "hello▁", "hel▁lo", "a▁ b", "a ▁b",
        "hello world", " hello", "hello ", "  hello   world  ", "hello\tworld", "hello\nworld", "hello\r\nworld",
        "\thello", "hello\n", "a\u00a0b", "\u00a0a", "a\u00a0", "a\u2003b", "a\u3000b", "\u3000a\u3000", "a\u200bb", "\u200b",
        "a\u200db", "a\u200eb", "\ufeffhello", "a\u00adb", "a\u0000b", "\u0000", "a\u0001b", "a\u007fb", "a\u0085b", "a\u2028b",
        "ﬁne ①", "ﬁ", "①②③", "½ ¼", "™ © ®", "ℌello", "Ⅳ", "㎏", "ｈｅｌｌｏ", "ﾊﾝｶｸ", "ｶﾞ", "각", "각",
        "é", "e\u0301", "e\u0301\u0327", "a\u030a", "\u0301", " \u0301a", "n\u0303o", "ö", "o\u0308", "Z\u0351\u036b\u0343alg\u0342o",
        "क्षि", "नमस्ते", "ภาษาไทย", "ทำ", "שָׁלוֹם", "مرحبا", "ﷺ", "ﻻ", "தமிழ்", "ປະເທດ", "བོད",
        "日本語", "日本語の文章です。", "今日は hello 雨", "中文字符", "한국어", "𠮷野家", "漢字かな交じり文", "豈更車",
        "\U0001f602", "\U0001f602\U0001f602\U0001f602", "hi\U0001f602there", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\u2764\ufe0f", "\u2764", "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd", "☺️ ok", "1\ufe0f\u20e3", "\U0001d49c\U0001d4b7\U0001d4b8",
        "\U0010ffff", "\U000e0041", "\ue000", "\ufffd", "\ufffe", "\u0378",
        "[CLS]", "[SEP] hello", "hello [MASK] world", "[PAD][UNK]", "<s>", "</s>", "<unk>", "<0x41>",
        "x" * 50, "ab" * 60, "supercalifragilisticexpialidocious" * 4, "1234567890" * 12, "!" * 80, "é" * 40, "日" * 40, "\U0001f602" * 30,
        "I was afraid of the storm.", "i was afraid of the storm.", "I WAS AFRAID OF THE STORM!!", "The café in Köln",
        "The cafe\u0301 in Ko\u0308ln", "naïve NAÏVE", "straße STRASSE Straße", "İstanbul ISTANBUL ıI", "ΣΊΣΥΦΟΣ", "Ǆ ǅ ǆ", "ŉ", "ß ẞ",
        "I'm", "I’m", "“quoted”", "‘single’", "«guillemets»", "em—dash", "en–dash", "hyphen‐ation", "non‑breaking", "…", "...", "‥",
        "a,b;c:d", "http://example.org/a?b=c&d=%20", "user@example.org", "#tag @name", "C++ & C#", "a/b\\c", "{json: [1, 2]}", "<b>bold</b>",
        "50% of 3.14 ≈ 1,57", "x² + y³ = z₄", "10⁻³", "µm μm", "Å Å", "Ω Ω", "K K", "ſ", "ﬀ ﬃ ﬄ ﬅ", "Ĳ ĳ", "…and…", "㈱", "㍿", "１２３", "％", "～", "〜", "　", "゛", "ﾞ",
        "\u0e33", "\u0eb3", "\u0f77", "\u1e9b\u0323", "\u2126", "\u212b", "\ufb1d", "\ufdfa", "\u1100\u1161\u11a8", "\uac00\u11a8",
        "word\u0301 \u0301word", "q\u0307\u0323", "q\u0323\u0307", "\u00c5\u0323", "D\u0307\u0323", "  \u0301  ", "a \u0301 b", "\u3099", "か\u3099", "カ\u309a",
        "line one\nline two\n\nline four", "tab\tseparated\tvalues", "trailing spaces   ", "   leading spaces", "mixed \t \n spaces", "\u2009thin\u2009", "\u202fnnbsp",
        "\u2581\u2581lots\u2581of\u2581\u2581marks\u2581", "Nobody loves unexpected guests...", "tbh idk lol", "don't won't can't",
        "Привет, мир!", "ПРИВЕТ", "Ёлка ёлка", "йод и\u0306од", "γειά", "ΓΕΙΆ", "Ἀθῆναι",
    ]
    alphabet = SYLLABLES + list("abc ILT.!▁ \t é\u0301ﬁ①日\U0001f602\u200b\u00a0ß") + ["the ", "storm", " is", "   "]
    drawn = ["".join(rng.choice(alphabet) for _ in range(rng.randint(1, 30))) for _ in range(60)]
    return list(dict.fromkeys(fixed + drawn))


# Every model is laid out as DeBERTa-v3's: [PAD] 0, [CLS] 1, [SEP] 2, [UNK] 3.
MODELS = {
    "nmt_nfkc": dict(normalization_rule_name="nmt_nfkc", vocab_size=400),
    "nmt_nfkc_cf": dict(normalization_rule_name="nmt_nfkc_cf", vocab_size=300),
    "identity": dict(normalization_rule_name="identity", vocab_size=300, remove_extra_whitespaces=False),
    "bytes_symbols": dict(normalization_rule_name="nmt_nfkc", vocab_size=520, byte_fallback=True,
                          user_defined_symbols=["ﬁ", ":)", "hel"], character_coverage=0.98),
    "suffix": dict(normalization_rule_name="identity", vocab_size=300, treat_whitespace_as_suffix=True),
    "no_prefix": dict(normalization_rule_name="nfkc", vocab_size=300, add_dummy_prefix=False),
}


def train(options):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()), model_writer=model, model_type="unigram", num_threads=1, minloglevel=2,
        pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]",
        hard_vocab_limit=False, self_test_sample_size=0, **options)
    return model.getvalue()


def spm_goldens():
    for name, options in MODELS.items():
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        model = train(options)
        (folder / "spm.model").write_bytes(model)
        settings = {"do_lower_case": False, "vocab_type": "spm"}
        (folder / "tokenizer_config.json").write_text(json.dumps(settings) + "\n")
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        golden = {
            "sentencepiece": sentencepiece.__version__, "seed": SEED, "options": options, "pieces": processor.get_piece_size(),
            "cases": [{"text": text, "ids": processor.encode(text)} for text in texts()],
        }
        write(folder / "ids.json", golden)


def minilm_goldens(folder):
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    chosen = texts()[:60:2] + ["I was afraid of the storm. " * 40, "hello world", "日本語 mixed \U0001f602 text", "I'm SO happy!!! :)"]
    cases = [{"text": t, "ids": tokenizer(t, truncation=True, max_length=128, padding=False)["input_ids"]} for t in chosen]
    write(HERE / "minilm.json", {"transformers": transformers.__version__, "model": "all-MiniLM-L6-v2", "maxLength": 128, "cases": cases})


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    spm_goldens()
    if len(sys.argv) > 1:
        minilm_goldens(sys.argv[1])
