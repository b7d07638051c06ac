"""Miniatures of the sources of examples/, each in the layout that its manifest names."""

from __future__ import annotations

import math

import miniatures as mini
import numpy as np
from pixel_files import tiff

from sarchat_build.synthetic.formats import dota

SHIP_KINDS = ("ore-oil", "Cell-Container", "Fishing", "LawEnforce", "Dredger", "Container")
SCENES, CHIPS = 15, 4
SMALL_SHIP: mini.Object = ("ship", 420, 430, 460, 450)


def rsdd_sar(slices: int = 10) -> mini.Source:
    """Slices with one rotated ship each, long side first in one half and second in the other."""
    source = mini.Source("rsdd_sar")
    listed: dict[str, list[str]] = {"train": [], "test": []}
    for number in range(slices):
        stem = f"1_0_{number}_{number * 3}"
        listed["train" if number % 5 else "test"].append(stem)
        sides = "<h>20</h><w>80</w>" if number % 2 else "<h>80</h><w>20</w>"
        box = f"<cx>256</cx><cy>200</cy>{sides}<angle>{math.pi / 6:.6f}</angle>"
        source.files[f"RSDD-SAR/JPEGImages/{stem}.jpg"] = mini.picture(1400 + number, (512, 512))
        source.files[f"RSDD-SAR/Annotations/{stem}.xml"] = (
            f"<annotation><filename>{stem}.jpg</filename><polarization>HH</polarization>"
            "<size><width>512</width><height>512</height><depth>3</depth></size>"
            f"<object><type>robndbox</type><name>ship</name><difficult>0</difficult>"
            f"<robndbox>{box}</robndbox></object></annotation>"
        ).encode()
    for side, names in listed.items():
        source.files[f"RSDD-SAR/ImageSets/{side}.txt"] = "\n".join(names).encode()
    return source


def ls_ssdd() -> mini.Source:
    """All fifteen scenes, four sub-images of each, every other one without ships."""
    source = mini.Source("ls_ssdd")
    root = "LS-SSDD-v1.0-OPEN"
    listed: dict[str, list[str]] = {"train": [], "test": []}
    for scene in range(1, SCENES + 1):
        source.files[f"{root}/JPEGImages/{scene:02d}.jpg"] = mini.picture(1500 + scene, (900, 600))
        ship = mini.voc_xml([SMALL_SHIP], filename=f"{scene:02d}.jpg", size=(900, 600))
        source.files[f"{root}/Annotations/{scene:02d}.xml"] = ship.encode()
        for chip in range(CHIPS):
            stem = f"{scene:02d}_{chip // 2 + 1}_{chip % 2 + 1}"
            listed["train" if scene <= 10 else "test"].append(stem)
            picture = mini.picture(2000 + scene * CHIPS + chip, (800, 800))
            text = mini.voc_xml(
                [SMALL_SHIP] if chip % 2 else [], filename=f"{stem}.jpg", size=(800, 800)
            )
            source.files[f"{root}/JPEGImages_sub/{stem}.jpg"] = picture
            source.files[f"{root}/Annotations_sub/{stem}.xml"] = text.encode()
    for side, names in listed.items():
        source.files[f"{root}/ImageSets/Main/{side}.txt"] = "\n".join(names).encode()
    return source


def ossdd(chips: int = 8) -> mini.Source:
    """Chips of two bands of floats with one rotated ship each, in three splits."""
    source = mini.Source("ossdd")
    for number in range(chips):
        side = ("train", "train", "val", "test")[number % 4]
        noise = np.random.default_rng(number).gamma(1.5, 0.02, (2, 96, 128)).astype(np.float32)
        source.files[f"OSSDD/images/{side}/chip_{number:05d}.tif"] = tiff(noise)
        text = b"0 0.25 0.5 0.375 0.25 0.5 0.5 0.375 0.75\n"
        source.files[f"OSSDD/labels/{side}/chip_{number:05d}.txt"] = text
    return source


def srsdd(pictures: int = 8) -> mini.Source:
    """Pictures of 1024 pixels with every kind of ship in turn, below two header lines."""
    source = mini.Source("srsdd")
    for number in range(pictures):
        side = "train" if number % 4 else "test"
        kind = SHIP_KINDS[number % len(SHIP_KINDS)]
        things = [dota.DotaObject((500, 400, 560, 430, 550, 450, 490, 420), kind)]
        header = ("imagesource:GF3", "gsd:1.0")
        picture = mini.picture(1700 + number, (1024, 1024), "PNG")
        source.files[f"SRSDD-V1.0/{side}/images/{number:04d}.png"] = picture
        source.files[f"SRSDD-V1.0/{side}/labels/{number:04d}.txt"] = dota.document(
            things, header=header
        )
    return source
