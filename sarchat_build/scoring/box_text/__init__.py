"""Box text: every box that an answer writes, whatever the model's own form.

`parse_boxes` is the whole of it. The frame is the caller's to declare; tokens that carry their own
(`<loc…>`, `<patch_index_…>`, per cent signs) keep it.
"""

from sarchat_build.scoring.box_text.parse import Boxes, parse_boxes

__all__ = ["Boxes", "parse_boxes"]
