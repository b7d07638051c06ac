"""TRL: its collator, with a processor of Qwen2-VL that has letters for words."""

from __future__ import annotations

import sys

from datasets import load_dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2VLImageProcessor, Qwen2VLProcessor
from trl.data_utils import prepare_multimodal_messages
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{% for part in message.content %}"
    "{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
           "<|image_pad|>", "<|video_pad|>"]  # fmt: skip
letters = sorted(pre_tokenizers.ByteLevel.alphabet())
tokenizer = Tokenizer(models.BPE({letter: n for n, letter in enumerate(letters)}, []))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
fast = PreTrainedTokenizerFast(
    tokenizer_object=tokenizer, pad_token=SPECIAL[0], eos_token=SPECIAL[2]
)
fast.add_special_tokens({"additional_special_tokens": SPECIAL})
for name in ("image", "video"):
    setattr(fast, f"{name}_token", f"<|{name}_pad|>")
    setattr(fast, f"{name}_token_id", fast.convert_tokens_to_ids(f"<|{name}_pad|>"))
try:
    from transformers import Qwen2VLVideoProcessor

    videos = {"video_processor": Qwen2VLVideoProcessor()}
except ImportError:
    videos = {}
processor = Qwen2VLProcessor(
    image_processor=Qwen2VLImageProcessor(), tokenizer=fast, chat_template=TEMPLATE, **videos
)
rows = list(load_dataset(sys.argv[1], split="train", streaming=True).take(40))
for row in rows:
    prepared = prepare_multimodal_messages(row["messages"], images=row["images"])
    parts = [part for message in prepared for part in message["content"]]
    assert [part["type"] for part in parts].count("image") == 1
    assert not any("<image>" in (part.get("text") or "") for part in parts)
prompts = load_dataset(sys.argv[1], split="train", streaming=True).map(
    lambda row: {"prompt": row["messages"][:-1]}, remove_columns="messages"
)
for row in prompts.take(4):
    prepared = prepare_multimodal_messages(row["prompt"], images=row["images"])
    assert [message["role"] for message in prepared] == ["user"]
    assert isinstance(row["solution"], str)
collate = DataCollatorForVisionLanguageModeling(processor, max_length=None)
batch = collate(rows[:4])
assert batch["input_ids"].shape[0] == 4
assert batch["pixel_values"].shape[0] > 0
pads = (batch["input_ids"] == fast.image_token_id).sum().item()
assert pads == sum(grid.prod().item() // 4 for grid in batch["image_grid_thw"])
print(f"{len(rows)} rows prepared, a batch of {tuple(batch['input_ids'].shape)} collated")
