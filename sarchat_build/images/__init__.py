"""Images: inspect a file, render it to 8 bits of gray or RGB, and give what is published of it."""

from sarchat_build.images.inspection import MAX_SCENE_PIXELS, inspect
from sarchat_build.images.picture import MAX_PIXELS
from sarchat_build.images.publishing import (
    ChipCutter,
    PublishedImage,
    open_scene,
    published_whole,
)
from sarchat_build.sources.picture_file import PictureSource

__all__ = [
    "MAX_PIXELS",
    "MAX_SCENE_PIXELS",
    "ChipCutter",
    "PictureSource",
    "PublishedImage",
    "inspect",
    "open_scene",
    "published_whole",
]
