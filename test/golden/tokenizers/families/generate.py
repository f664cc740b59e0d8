"""Goldens of the tokenizers that the families bring.

Trains small vocabularies on the sentences of ../generate.py, lays them out as the families' checkpoints are, and
writes the ids that transformers' AutoTokenizer gives: of every awkward text there for each way to lay one out, and
of a few texts, cut short, for settings that change something.

    python test/golden/tokenizers/families/generate.py

Needs transformers, tokenizers and sentencepiece.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")

import sentencepiece
import tokenizers
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

transformers.logging.set_verbosity(transformers.logging.CRITICAL)

HERE = Path(__file__).resolve().parent
# A model holds the name of the file of rules as it was given.
os.chdir(HERE)
sys.path.insert(0, str(HERE.parent))
from generate import corpus, texts

SHORT = 10
# Literal special tokens of all families, added ones, and what is cut.
FEW = [
    "one two three four five six seven eight nine ten",
    "I was afraid of the storm.",
    "<s> hello </s> <mask> the <pad> storm <unk>",
    "hello<mask>storm  <mask>  loves <MASK> <S>",
    "[CLS] hello [SEP] a [MASK] storm [PAD][UNK]",
    "hello [mask]  [MASK] way",
    "hello [usr] covfefe the[usr]storm COVFEFE covfefes",
    "<s>NOTUSED </s>NOTUSED <unk>NOTUSED",
    "``quoted'' naïve CAFÉ",
    "",
    "   ",
    " leading  and trailing ",
]

WORDPIECES = (
    "<s> <pad> </s> <unk> [UNK] [PAD] [CLS] [SEP] [MASK] i was afraid of the storm hello is it a ##s ##a ##b cafe café naïve "
    "loves ##ing str ##orm . , ! ' [ ] < > s pad unk mask usr ##r usr covfefe 中 文 ##文 é ① fine not ##used"
).split()


def byte_level():
    """vocab.json and merges.txt, as lists, with no special tokens among them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=420, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(corpus(), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return sorted(model["vocab"], key=model["vocab"].get), model["merges"]


PIECES, MERGES = byte_level()


def vocabulary(*first, last=()):
    tokens = list(first) + PIECES + list(last)
    return {token: id for id, token in enumerate(tokens)}


def bpe_json(vocab, special, normalizer=None, added=(), prefix=False, template=("<s>", "</s>")):
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[tuple(merge) for merge in MERGES]))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(special)
    tokenizer.add_tokens(list(added))
    cls, sep = template
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{cls} $A {sep}",
        pair=f"{cls} $A {sep} $B {sep}",
        special_tokens=[(cls, tokenizer.token_to_id(cls)), (sep, tokenizer.token_to_id(sep))],
    )
    return json.loads(tokenizer.to_str())


# Replacements of a few kinds: a table of all that NFKC has takes a quarter of a megabyte in every file.
RULES = (
    {"\ufb01": "fi", "\u2460": "1", "\u2026": "...", "e\u0301": "\u00e9", "\u200b": "", "\uff76\uff9e": "\u30ac"}
    | {space: " " for space in "\t\n\r\u00a0\u2003\u3000\u2028"}
    | {chr(0xFF01 + i): chr(0x21 + i) for i in range(94)}
)


def spm(**options):
    codes = lambda text: " ".join(f"{ord(character):X}" for character in text)
    Path("rules.tsv").write_text("".join(f"{codes(source)}\t{codes(target)}\n" for source, target in RULES.items()))
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()),
        model_writer=model,
        model_type="unigram",
        num_threads=1,
        minloglevel=2,
        vocab_size=300,
        normalization_rule_tsv="rules.tsv",
        hard_vocab_limit=False,
        self_test_sample_size=0,
        **options,
    )
    return model.getvalue()


ROBERTA = vocabulary("<s>", "<pad>", "</s>", "<unk>", last=["<mask>"])
DEBERTA = vocabulary("[PAD]", "[CLS]", "[SEP]", "[UNK]", last=["[MASK]"])
MODERN = vocabulary(last=["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"])
MASK = AddedToken("<mask>", lstrip=True, normalized=False)

# By name: files that are bytes or JSON, shared by cases.
FILES = {
    "fairseq.model": spm(),
    "fairseq-symbols.model": spm(user_defined_symbols=[":)", "storm"]),
    "albert.model": spm(pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, pad_piece="<pad>", unk_piece="<unk>",
                        control_symbols=["[CLS]", "[SEP]", "[MASK]"]),
    "roberta-vocab": ROBERTA,
    "deberta-vocab": DEBERTA,
    "merges": "#version: 0.2\n" + "\n".join(" ".join(merge) for merge in MERGES) + "\n",
    "words": "\n".join(dict.fromkeys(WORDPIECES)) + "\n",
    "roberta.json": bpe_json(ROBERTA, ["<s>", "<pad>", "</s>", "<unk>", MASK]),
    "deberta.json": bpe_json(DEBERTA, ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"], template=("[CLS]", "[SEP]")),
    "modernbert.json": bpe_json(
        MODERN,
        ["[UNK]", "[CLS]", "[SEP]", "[PAD]", AddedToken("[MASK]", lstrip=True, normalized=False)],
        normalizer=normalizers.NFC(),
        added=[AddedToken(" " * n, normalized=True) for n in (4, 3, 2)],
        template=("[CLS]", "[SEP]"),
    ),
}


def saved(model_type, files):
    """The `tokenizer.json` that transformers saves of a folder."""
    with folder_of(model_type, files, {}) as folder, tempfile.TemporaryDirectory() as target:
        AutoTokenizer.from_pretrained(folder).save_pretrained(target)
        return json.loads(Path(target, "tokenizer.json").read_text())


@contextlib.contextmanager
def folder_of(model_type, files, settings):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(json.dumps({"model_type": model_type} | settings.get("config.json", {})))
        for name, source in files.items():
            content = FILES[source]
            if isinstance(content, bytes):
                Path(folder, name).write_bytes(content)
            else:
                Path(folder, name).write_text(content if isinstance(content, str) else json.dumps(content))
        for name, content in settings.items():
            if name == "config.json":
                continue
            Path(folder, name).write_text(json.dumps(content))
        yield folder


BPE_FILES = {"vocab.json": "roberta-vocab", "merges.txt": "merges"}
DEBERTA_FILES = {"vocab.json": "deberta-vocab", "merges.txt": "merges"}
FAIRSEQ = {"sentencepiece.bpe.model": "fairseq.model"}
SYMBOLS = {"sentencepiece.bpe.model": "fairseq-symbols.model"}
ALBERT = {"spiece.model": "albert.model"}
WORDS = {"vocab.txt": "words"}

FILES["xlm-roberta.json"] = saved("xlm-roberta", FAIRSEQ)
FILES["camembert.json"] = saved("camembert", FAIRSEQ)
FILES["albert.json"] = saved("albert", ALBERT)
FILES["mpnet.json"] = saved("mpnet", WORDS)

# family: ways to lay its tokenizer out
LAYOUTS = {
    "roberta": [{"tokenizer.json": "roberta.json"}, BPE_FILES],
    "deberta": [{"tokenizer.json": "deberta.json"}, DEBERTA_FILES],
    "modernbert": [{"tokenizer.json": "modernbert.json"}],
    "xlm-roberta": [{"tokenizer.json": "xlm-roberta.json"}, FAIRSEQ, SYMBOLS],
    "camembert": [{"tokenizer.json": "camembert.json"}, FAIRSEQ, SYMBOLS],
    "albert": [{"tokenizer.json": "albert.json"}, ALBERT],
    "mpnet": [{"tokenizer.json": "mpnet.json"}, WORDS],
    "distilbert": [WORDS],
    "electra": [WORDS],
}

CLASSES = {
    "roberta": "RobertaTokenizer",
    "deberta": "DebertaTokenizer",
    "xlm-roberta": "XLMRobertaTokenizer",
    "camembert": "CamembertTokenizer",
    "albert": "AlbertTokenizer",
    "mpnet": "MPNetTokenizer",
    "distilbert": "DistilBertTokenizer",
    "electra": "ElectraTokenizer",
}

CONFIG = "tokenizer_config.json"
MAP = "special_tokens_map.json"
ADDED = "added_tokens.json"


def token(content, **flags):
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"content": content, **plain, **flags}


SETTINGS = {
    "prefix": {CONFIG: {"add_prefix_space": True}},
    "no prefix": {CONFIG: {"add_prefix_space": False}},
    "left": {CONFIG: {"truncation_side": "left"}},
    "cased": {CONFIG: {"do_lower_case": False}},
    "accents": {CONFIG: {"keep_accents": True, "strip_accents": False}},
    "mask by name": {CONFIG: {"mask_token": "<mask>", "cls_token": "<s>"}},
    "mask with flags": {CONFIG: {"mask_token": {"__type": "AddedToken", **token("<mask>", lstrip=True)}}},
    "other mask": {MAP: {"mask_token": token("[usr]", lstrip=True), "pad_token": "<pad>"}},
    "other frame": {CONFIG: {"bos_token": "<unk>", "cls_token": "<unk>"}},
    "added": {ADDED: {"[usr]": 9000, "covfefe": 9001}},
    "additional": {CONFIG: {"additional_special_tokens": ["[usr]", "covfefe"]}},
    "extra in the map": {MAP: {"additional_special_tokens": ["covfefe"]}},
    "decoder": {CONFIG: {"added_tokens_decoder": {
        "0": token("<s>"), "1": token("<pad>"), "2": token("</s>"), "8000": token("[usr]", lstrip=True),
        "8001": token("covfefe", normalized=True, special=False)}}},
}


def golden(family, files, settings, asked, length):
    case = {"family": family, "files": files, "settings": settings}
    with folder_of(family, files, settings) as folder, contextlib.redirect_stderr(io.StringIO()):
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder)
            ids = [tokenizer(text, truncation=True, max_length=length)["input_ids"] for text in asked]
        except BaseException as error:
            return {**case, "error": type(error).__name__}
        size = 1 + max(tokenizer.get_vocab().values())
        named = {name: getattr(tokenizer, f"{name}_token_id") for name in ("pad", "unk")}
        return {**case, "size": size, "named": named, "ids": ids}


def whole():
    for family, layouts in LAYOUTS.items():
        for files in layouts:
            yield golden(family, files, {}, ALL, LONG)


def short():
    for family, layouts in LAYOUTS.items():
        for files in layouts:
            classes = ["PreTrainedTokenizerFast"] if "tokenizer.json" in files else []
            if family in CLASSES:
                classes += [CLASSES[family], f"{CLASSES[family]}Fast"]
            if family == "roberta" and "tokenizer.json" in files:
                # A model whose checkpoint is known to name a class that is not its own.
                named = {"config.json": {"model_name": "camembertv2-base"}, CONFIG: {"tokenizer_class": CLASSES[family]}}
                yield golden(family, files, named, FEW, SHORT)
            for name in classes:
                yield golden(family, files, {CONFIG: {"tokenizer_class": name}}, FEW, SHORT)
            for settings in SETTINGS.values():
                yield golden(family, files, settings, FEW, SHORT)


ALL, LONG = texts() + FEW, 512

if __name__ == "__main__":
    document = {
        "transformers": transformers.__version__,
        "tokenizers": tokenizers.__version__,
        "sentencepiece": sentencepiece.__version__,
        "texts": {"all": ALL, "few": FEW},
        "lengths": {"all": LONG, "few": SHORT},
    }
    compact = dict(ensure_ascii=True, separators=(",", ":"))
    for name, content in FILES.items():
        path = HERE / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content, **compact) + "\n")
    cases = {"all": list(whole()), "few": list(short())}
    lists = {kind: "[\n" + ",\n".join(json.dumps(case, **compact) for case in cases[kind]) + "\n]" for kind in cases}
    head = json.dumps(document, **compact)
    (HERE / "cases.json").write_text(f'{head[:-1]},"cases":{{"all":{lists["all"]},"few":{lists["few"]}}}}}\n')
    refused = sum("error" in case for case in cases["few"])
    print(len(cases["all"]), "layouts,", len(cases["few"]), "settings,", refused, "of them refused by transformers")
