"""Goldens of the settings that a tokenizer's folder may have.

Makes many small folders (a `tokenizer.json`, a `vocab.txt` or an `spm.model` with settings in every
place where transformers reads them) and writes the ids that AutoTokenizer gives, or that it fails.

    python generate.py

Needs transformers, tokenizers and sentencepiece; reads ../nmt_nfkc/spm.model.
"""

import contextlib
import io
import itertools
import json
import os
import random
import shutil
import tempfile
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")

import tokenizers
import transformers
from transformers import AutoTokenizer, BertTokenizer, DebertaV2Tokenizer, XLMRobertaTokenizer

transformers.logging.set_verbosity(transformers.logging.CRITICAL)

HERE = Path(__file__).parent
SEED = 20260714
MAX_LENGTH = 10

WORDS = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] hello Hello i I said no NO way to that one two three four five six seven eight "
    "nine ten cafe café CAFÉ is it ! [ ] usr co ##vf ##efe a ##s 中 文 中文 ##文 中文字 < > user ex ##tra ##é cov"
).split()

TEXTS = [
    "one two three four five six seven eight nine ten",
    "I said NO way",
    "Hello café CAFÉ is it !",
    "hello [usr] covfefe",
    "hello[usr]covfefes  covfefe! [USR] COVFEFE Covfefe",
    "中文 a中文字 中文a",
    "[MASK] and [SEP] [CLS]a[PAD] [UNK]!",
    "a [sep] [Mask]  [mask] way",
    "<user>  <user>a <USER> hello <extra> extra [C] [E]",
    "covfefé cov\u0301fefe x[usr]x",
    "",
    "   ",
    "\u00e9\u0301 a\u0301 \ufb01ne\u2026 a\u00a0b one\r\n two\ttwo",
]

SPM_TEXTS = [
    "a [MASK] way home",
    "[SEP] hello",
    "hello [MASK]  world[SEP]the storm",
    "[CLS][PAD] [UNK] I was afraid of the storm.",
    "I WAS afraid [mask] of the storm. " * 3,
    "hello [usr] covfefe the[usr]storm",
    "  covfefe  [usr] covfefes",
    "nobody loves, unexpected guests!",
    "",
    "  ",
    "[MASK]",
    " [MASK] ",
]


def bert_json(**settings):
    """The `tokenizer.json` that transformers writes for a vocabulary and these settings."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "vocab.txt").write_text("\n".join(WORDS) + "\n")
        BertTokenizer.from_pretrained(folder, **settings).save_pretrained(folder)
        return json.loads(Path(folder, "tokenizer.json").read_text())


def deberta_json(**settings):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(HERE.parent / "nmt_nfkc/spm.model", folder)
        DebertaV2Tokenizer.from_pretrained(folder, **settings).save_pretrained(folder)
        return json.loads(Path(folder, "tokenizer.json").read_text())


def with_precompiled(base):
    """As transformers 4 wrote it: with SentencePiece's own table of replacements."""
    from sentencepiece import sentencepiece_model_pb2
    import base64

    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString((HERE.parent / "nmt_nfkc/spm.model").read_bytes())
    table = base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()
    parts = [{"type": "Strip", "strip_left": True, "strip_right": True},
             {"type": "Precompiled", "precompiled_charsmap": table},
             {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]
    return {**base, "normalizer": {"type": "Sequence", "normalizers": parts}}


BASES = {
    "uncased": bert_json(),
    "cased": bert_json(do_lower_case=False),
    "deberta": deberta_json(),
    "precompiled": with_precompiled(deberta_json()),
}

N = len(WORDS)


def token(content, **flags):
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"content": content, **plain, **flags}


def marked(content, **flags):
    return {"__type": "AddedToken", **token(content, **flags)}


def decoder(*added):
    return {str(i): token(WORDS[i]) for i in range(5)} | {str(N + i): t for i, t in enumerate(added)}


CONFIG = "tokenizer_config.json"
MAP = "special_tokens_map.json"
ADDED = "added_tokens.json"

# Everywhere that a token can be added.
PLACES = {
    "added json": {ADDED: {"[usr]": N, "covfefe": N + 1}},
    "added json, out of order": {ADDED: {"covfefe": N + 1, "[usr]": N}},
    "added json, other ids": {ADDED: {"[usr]": N + 7, "covfefe": N + 3}},
    "added json, special": {ADDED: {"[usr]": N, "covfefe": N + 1}, CONFIG: {"additional_special_tokens": ["[usr]"]}},
    "added json of a word": {ADDED: {"hello": 5, "COVFEFE": N}},
    "decoder": {CONFIG: {"added_tokens_decoder": decoder(token("[usr]"), token("covfefe"))}},
    "decoder alone": {CONFIG: {"added_tokens_decoder": {str(N): token("[usr]")}}},
    "decoder, normalized": {CONFIG: {"added_tokens_decoder": decoder(
        token("[usr]", normalized=True, special=False), token("Covfefe", normalized=True, special=False))}},
    "decoder, stripping": {CONFIG: {"added_tokens_decoder": decoder(
        token("[usr]", lstrip=True), token("covfefe", rstrip=True, special=False))}},
    "decoder, single words": {CONFIG: {"added_tokens_decoder": decoder(
        token("[usr]", single_word=True), token("covfefe", single_word=True, normalized=True, special=False))}},
    "decoder, a mask that strips": {CONFIG: {"added_tokens_decoder": {
        **decoder(), "4": token("[MASK]", lstrip=True)}}},
    "decoder and added json": {CONFIG: {"added_tokens_decoder": decoder(token("[usr]"))}, ADDED: {"covfefe": N + 1}},
    "decoder of other ids": {CONFIG: {"added_tokens_decoder": {str(N + 9): token("[usr]"), "0": token("[PAD]")}}},
    "additional": {CONFIG: {"additional_special_tokens": ["[usr]", "covfefe"]}},
    "additional, marked": {CONFIG: {"additional_special_tokens": [marked("[usr]", lstrip=True), "<user>"]}},
    "additional, unmarked": {CONFIG: {"additional_special_tokens": [token("[usr]", lstrip=True)]}},
    "additional in the map": {MAP: {"additional_special_tokens": ["[usr]", "covfefe"]}},
    "additional in both": {CONFIG: {"additional_special_tokens": ["[usr]"]}, MAP: {"additional_special_tokens": ["covfefe"]}},
    "no additional, and in the map": {CONFIG: {"additional_special_tokens": []}, MAP: {"additional_special_tokens": ["covfefe"]}},
    "extra": {CONFIG: {"extra_special_tokens": ["[usr]", "<user>"]}},
    "extra, named": {CONFIG: {"extra_special_tokens": {"user_token": "<user>", "usr_token": "[usr]"}}},
    "extra in the map": {MAP: {"extra_special_tokens": ["[usr]", token("covfefe", lstrip=True)]}},
    "extra in both": {CONFIG: {"extra_special_tokens": ["[usr]"]}, MAP: {"extra_special_tokens": ["covfefe", "[usr]"]}},
    "extra and additional": {CONFIG: {"extra_special_tokens": ["[usr]"], "additional_special_tokens": ["covfefe"]}},
    "a token of its own": {CONFIG: {"user_token": "<user>"}},
    "a token of its own in the map": {MAP: {"user_token": "<user>"}},
    "begin and end": {CONFIG: {"bos_token": "[usr]", "eos_token": "covfefe"}},
    "other names": {CONFIG: {"cls_token": "[C]", "sep_token": "[E]"}},
    "other names of words": {CONFIG: {"cls_token": "hello", "sep_token": "one"}},
    "other names in the map": {MAP: {"cls_token": "[C]", "mask_token": token("<user>", lstrip=True)}},
    "names in the map with flags": {MAP: {"mask_token": token("[MASK]", lstrip=True), "pad_token": "[PAD]"}},
    "names in both": {CONFIG: {"cls_token": "hello"}, MAP: {"cls_token": "one"}},
    "map beside a decoder": {CONFIG: {"added_tokens_decoder": decoder(token("[usr]"))}, MAP: {"cls_token": "one"}},
    "nothing": {},
}

# The vocabulary of nmt_nfkc/spm.model ends before this id.
SPM = 386


def merged(*parts):
    files = {}
    for part in parts:
        for name, content in part.items():
            files[name] = {**files.get(name, {}), **content}
    return files


def settings(**values):
    return {CONFIG: {name: value for name, value in values.items() if value != "absent"}}


def bert_cases():
    kinds = {
        "json": {"base": "uncased", "model": "bert", CONFIG: {"tokenizer_class": "BertTokenizer"}},
        "plain json": {"base": "uncased", "model": "bert"},
        "cased json": {"base": "cased", "model": "bert"},
        "txt": {"vocab.txt": "words", "model": "bert", CONFIG: {"tokenizer_class": "BertTokenizer"}},
        "library": {"base": "uncased", "model": "bert", CONFIG: {"tokenizer_class": "PreTrainedTokenizerFast"}},
    }
    flags = itertools.product(("absent", True, False), ("absent", None, True, False), ("absent", True, False))
    for lower, accents, chinese in flags:
        part = settings(do_lower_case=lower, strip_accents=accents, tokenize_chinese_chars=chinese)
        for kind in ("json", "txt"):
            yield f"{kind}: lower {lower}, accents {accents}, chinese {chinese}", kinds[kind], part
    yield "cased json: nothing", kinds["cased json"], {}
    yield "cased json: lower False", kinds["cased json"], settings(do_lower_case=False)
    yield "library: lower False", kinds["library"], settings(do_lower_case=False, strip_accents=False)
    for wrong in ("false", None, 1):
        yield f"txt: lower {wrong!r}", kinds["txt"], settings(do_lower_case=wrong)
    for kind, side in itertools.product(("json", "txt", "library"), ("left", "right", "middle")):
        yield f"{kind}: truncation {side}", kinds[kind], settings(truncation_side=side)
    for place, files in PLACES.items():
        for kind in ("json", "plain json", "txt", "library"):
            yield f"{kind}: {place}", kinds[kind], files
        yield f"json, cased: {place}", kinds["json"], merged(files, settings(do_lower_case=False))
    for name in ("BertTokenizerFast", "DistilBertTokenizer", "ElectraTokenizer", "TokenizersBackend", "PreTrainedTokenizer",
                 "SomethingElse", "DebertaV2Tokenizer"):
        for base in ("uncased", "cased"):
            yield f"{base} json of class {name}", {"base": base, "model": "bert"}, settings(tokenizer_class=name)
    yield "class in config.json", {"base": "cased", "model": "bert", "config.json": {"tokenizer_class": "PreTrainedTokenizerFast"}}, {}
    for kind in ("json", "txt", "library"):
        yield f"{kind}: split special", kinds[kind], settings(split_special_tokens=True)
        yield f"{kind}: not read any more", kinds[kind], settings(
            do_basic_tokenize=False, never_split=["hello"], clean_text=False, wordpieces_prefix="@@", padding_side="left",
            add_prefix_space=True, use_fast=False, model_max_length=4, max_len=4)
    yield "json with its own truncation on the left", {"base": "uncased", "model": "bert", "truncation": "Left"}, {}
    yield "json with its own truncation, settings right", {"base": "uncased", "model": "bert", "truncation": "Left"}, settings(
        truncation_side="right")
    yield "library with its own truncation on the left", {"base": "uncased", "model": "bert", "truncation": "Left"}, settings(
        tokenizer_class="PreTrainedTokenizerFast")
    odd = [word if word != "hello" else "hello \t" for word in WORDS] + ["", "hello", "way"]
    yield "txt: blanks, an empty line, twice the same", {"vocab.txt": odd, "model": "bert"}, {}
    yield "txt: without a mask", {"vocab.txt": [w for w in WORDS if w != "[MASK]"], "model": "bert"}, {}
    yield "txt of a DeBERTa", {"vocab.txt": "words", "model": "deberta-v2"}, settings(tokenizer_class="BertTokenizer")
    rng = random.Random(SEED)
    for number in range(60):
        kind = rng.choice(["json", "plain json", "txt", "library"])
        parts = [PLACES[place] for place in rng.sample(list(PLACES), 2)]
        drawn = settings(do_lower_case=rng.choice(["absent", True, False]), strip_accents=rng.choice(["absent", True, False]),
                         tokenize_chinese_chars=rng.choice(["absent", False]), truncation_side=rng.choice(["absent", "left"]))
        yield f"{kind}: drawn {number}", kinds[kind], merged(*parts, drawn)


def deberta_cases():
    for base, klass in itertools.product(("deberta", "precompiled"), ("DebertaV2Tokenizer", "absent", "PreTrainedTokenizerFast")):
        kind = {"base": base, "model": "deberta-v2"}
        for lower, punct, prefix in itertools.product(("absent", True), ("absent", True), ("absent", False)):
            yield (f"{base} of {klass}: lower {lower}, punct {punct}, prefix {prefix}", kind,
                   settings(tokenizer_class=klass, do_lower_case=lower, split_by_punct=punct, add_prefix_space=prefix))
        yield f"{base} of {klass}: left", kind, settings(tokenizer_class=klass, truncation_side="left")
        for place in ("added json", "decoder", "additional", "extra in the map", "decoder, single words", "begin and end"):
            files = json.loads(json.dumps(PLACES[place]))
            files.get(CONFIG, {}).pop("added_tokens_decoder", None)
            yield f"{base} of {klass}: {place}", kind, merged(files, settings(tokenizer_class=klass))


def xlm_roberta_cases():
    names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    with tempfile.TemporaryDirectory() as folder:
        pieces = BASES["precompiled"]["model"]["vocab"][4:]
        vocab = [(name, 0.0) for name in names[:4]] + [(piece, score) for piece, score in pieces] + [("<mask>", 0.0)]
        XLMRobertaTokenizer(vocab=vocab).save_pretrained(folder)
        BASES["xlm-roberta"] = with_precompiled(json.loads(Path(folder, "tokenizer.json").read_text()))
    for klass, prefix in itertools.product(("XLMRobertaTokenizer", "XLMRobertaTokenizerFast"), ("absent", False)):
        yield (f"xlm-roberta: {klass}, prefix {prefix}", {"base": "xlm-roberta", "model": "bert"},
               settings(tokenizer_class=klass, add_prefix_space=prefix))
    for place in ("added json", "additional", "begin and end"):
        yield (f"xlm-roberta: {place}", {"base": "xlm-roberta", "model": "bert"},
               merged(PLACES[place], settings(tokenizer_class="XLMRobertaTokenizer")))


def spm_cases():
    kind = {"spm.model": "nmt_nfkc", "model": "deberta-v2"}
    yield "spm: nothing", kind, {}
    yield "spm: mask in added json", kind, {ADDED: {"[MASK]": SPM}}
    yield "spm: left", kind, settings(truncation_side="left")
    yield "spm: lower", kind, settings(do_lower_case=True)
    yield "spm: split by punctuation", kind, settings(split_by_punct=True)
    yield "spm: added json", kind, {ADDED: {"[MASK]": SPM, "[usr]": SPM + 1, "covfefe": SPM + 2}}
    yield "spm: added json, lower", kind, merged({ADDED: {"[MASK]": SPM, "[usr]": SPM + 1}}, settings(do_lower_case=True))
    yield "spm: additional", kind, settings(additional_special_tokens=["[usr]", "covfefe"])
    yield "spm: extra", kind, settings(extra_special_tokens=["[usr]"])
    yield "spm: map", kind, {MAP: {"mask_token": token("[MASK]", lstrip=True), "additional_special_tokens": ["covfefe"]}}
    yield "spm: decoder", kind, settings(added_tokens_decoder={
        "0": token("[PAD]"), "1": token("[CLS]"), "2": token("[SEP]"), "3": token("[UNK]"), str(SPM): token("[MASK]"),
        str(SPM + 1): token("[usr]", lstrip=True, rstrip=True), str(SPM + 2): token("covfefe", single_word=True)})
    yield "spm: no prefix", kind, settings(add_prefix_space=False)


def write_folder(folder, kind):
    config = {"model_type": kind["model"], **kind.get("config.json", {})}
    Path(folder, "config.json").write_text(json.dumps(config))
    if "base" in kind:
        base = BASES[kind["base"]]
        if "truncation" in kind:
            base = {**base, "truncation": {"direction": kind["truncation"], "max_length": 6, "strategy": "LongestFirst", "stride": 0}}
        Path(folder, "tokenizer.json").write_text(json.dumps(base))
    if "vocab.txt" in kind:
        words = WORDS if kind["vocab.txt"] == "words" else kind["vocab.txt"]
        Path(folder, "vocab.txt").write_text("\n".join(words) + "\n")
    if "spm.model" in kind:
        shutil.copy(HERE.parent / kind["spm.model"] / "spm.model", Path(folder, "spm.model"))


def golden(name, kind, files):
    files = merged({key: kind[key] for key in (CONFIG,) if key in kind}, files)
    texts = SPM_TEXTS if "spm.model" in kind else TEXTS
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        write_folder(folder, kind)
        for file, content in files.items():
            Path(folder, file).write_text(json.dumps(content))
        case = {"name": name, **{key: value for key, value in kind.items() if key != CONFIG}, "files": files}
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder)
            ids = [tokenizer(text, truncation=True, max_length=MAX_LENGTH)["input_ids"] for text in texts]
        except BaseException as error:
            return {**case, "error": type(error).__name__}
        names = ("pad", "unk")
        return {**case, "size": 1 + max(tokenizer.get_vocab().values()), "named": {n: getattr(tokenizer, f"{n}_token_id") for n in names}, "ids": ids}


cases = [golden(*case) for case in itertools.chain(bert_cases(), deberta_cases(), xlm_roberta_cases(), spm_cases())]
document = {
    "transformers": transformers.__version__, "tokenizers": tokenizers.__version__, "seed": SEED, "maxLength": MAX_LENGTH,
    "texts": TEXTS, "spmTexts": SPM_TEXTS, "words": WORDS, "bases": BASES,
}
lines = ",\n".join(json.dumps(case, ensure_ascii=True, separators=(",", ":")) for case in cases)
head = json.dumps(document, ensure_ascii=True, separators=(",", ":"))
(HERE / "cases.json").write_text(f'{head[:-1]},"cases":[\n{lines}\n]}}\n')
print(len(cases), "cases,", sum("error" in case for case in cases), "of them refused by transformers")
