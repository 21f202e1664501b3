"""Pictures for screenshots, drawn rather than taken, so that they are nobody's: hills, a lake, a window, a flower."""

import math
import random
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]


def draw_all(folder: Path) -> dict[str, Path]:
    """Draw every picture as a JPEG; give their names and files."""
    drawn = {
        "hills": hills((1200, 800), 3, (244, 206, 160), (126, 158, 186), (38, 60, 70)),
        "lake": lake((1200, 780)),
        "night": night((820, 1080)),
        "flower": flower((820, 1040), 9, (150, 84, 190), (52, 84, 46)),
        "poppy": flower((1000, 760), 6, (206, 64, 48), (96, 112, 62)),
        "dawn": hills((1000, 1000), 8, (250, 220, 214), (188, 150, 170), (60, 44, 66)),
        "face-a": flower((400, 400), 12, (236, 170, 60), (44, 92, 92)),
        "face-b": hills((400, 400), 5, (190, 214, 226), (98, 130, 122), (40, 56, 48)),
        "face-c": night((400, 400)),
    }
    files = {}
    for name, picture in drawn.items():
        files[name] = folder / f"{name}.jpg"
        _grain(picture).save(files[name], quality=88)
    return files


def hills(size: tuple[int, int], seed: int, sky: Colour, haze: Colour, near: Colour) -> Image.Image:
    """Layers of hills, each darker than the one behind it."""
    chance = random.Random(seed)
    width, height = size
    picture = _gradient(size, haze, sky)
    sun = Image.new("L", size)
    where = (width * chance.uniform(0.55, 0.8), height * chance.uniform(0.22, 0.34))
    ImageDraw.Draw(sun).circle(where, height * 0.06, fill=255)
    glow = ImageChops.lighter(sun.filter(ImageFilter.GaussianBlur(height / 8)), sun)
    picture.paste(Image.new("RGB", size, (255, 246, 226)), mask=glow)
    layers = 6
    for layer in range(layers):
        share = (layer + 1) / layers
        base = height * (0.38 + 0.56 * share**1.3)
        waves = [
            (chance.uniform(0.6, 3.4), chance.uniform(0, 6.3), chance.uniform(0.2, 1.0))
            for _ in range(4)
        ]
        ridge = [
            (
                x,
                base
                - height * 0.055 * sum(s * math.sin(f * x * 6.3 / width + p) for f, p, s in waves),
            )
            for x in range(0, width + 8, 8)
        ]
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).polygon([*ridge, (width, height), (0, height)], fill=255)
        tone = _between(haze, near, share)
        ground = _gradient(size, tone, _between(tone, haze, 0.35))
        picture.paste(ground, mask=mask.filter(ImageFilter.GaussianBlur(2.2 - 1.8 * share)))
    return picture


def lake(size: tuple[int, int]) -> Image.Image:
    """Hills in the evening and the same once more in the water."""
    width, height = size
    half = hills((width, height // 2), 14, (255, 196, 140), (150, 120, 150), (46, 38, 66))
    water = half.transpose(Image.Transpose.FLIP_TOP_BOTTOM).filter(ImageFilter.GaussianBlur(3))
    chance = random.Random(2)
    picture = Image.new("RGB", size)
    picture.paste(half)
    for row in range(0, height - height // 2, 3):
        shift = int(chance.gauss(0, 1.5 + row / 40))
        strip = water.crop((0, row, width, row + 3))
        picture.paste(ImageChops.offset(strip, shift, 0), (0, height // 2 + row))
    shade = _gradient((width, height - height // 2), (40, 52, 84), (150, 150, 170))
    lower = picture.crop((0, height // 2, width, height))
    picture.paste(Image.blend(lower, shade, 0.28), (0, height // 2))
    return picture


def night(size: tuple[int, int]) -> Image.Image:
    """A house with one lit window under stars."""
    width, height = size
    chance = random.Random(21)
    picture = _gradient(size, (58, 64, 92), (10, 14, 34))
    pen = ImageDraw.Draw(picture)
    for _ in range(260):
        light = chance.randint(120, 255)
        where = (chance.uniform(0, width), chance.uniform(0, height * 0.66))
        pen.circle(
            where, chance.uniform(0.5, 1.7) * width / 820, fill=(light, light, min(255, light + 14))
        )
    ground = height * 0.74
    pen.rectangle((0, ground, width, height), fill=(14, 17, 28))
    left, right, eaves = width * 0.24, width * 0.72, height * 0.56
    pen.polygon(
        [
            (left, ground),
            (left, eaves),
            (width * 0.48, height * 0.42),
            (right, eaves),
            (right, ground),
        ],
        fill=(22, 24, 38),
    )
    lit = Image.new("L", size)
    box = (width * 0.42, height * 0.58, width * 0.54, height * 0.67)
    ImageDraw.Draw(lit).rectangle(box, fill=255)
    glow = ImageChops.add(lit.filter(ImageFilter.GaussianBlur(width / 14)), lit)
    picture.paste(Image.new("RGB", size, (255, 208, 128)), mask=glow)
    pen.line((width * 0.48, box[1], width * 0.48, box[3]), fill=(60, 44, 34), width=width // 160)
    return picture


def flower(size: tuple[int, int], petals: int, colour: Colour, ground: Colour) -> Image.Image:
    """A blossom close by, everything behind it out of focus."""
    width, height = size
    chance = random.Random(petals)
    picture = _gradient(size, _between(ground, (20, 24, 16), 0.55), ground)
    behind = ImageDraw.Draw(picture)
    for _ in range(70):
        tone = _between(ground, (232, 226, 190), chance.uniform(0, 0.55))
        where = (chance.uniform(0, width), chance.uniform(0, height))
        behind.circle(where, chance.uniform(0.02, 0.09) * width, fill=tone)
    picture = picture.filter(ImageFilter.GaussianBlur(width / 34))
    centre, reach = (width * 0.5, height * 0.46), min(size) * 0.36
    pen = ImageDraw.Draw(picture)
    pen.line(
        (*centre, width * 0.56, height), fill=_between(ground, (20, 40, 10), 0.3), width=width // 60
    )
    for number in range(petals):
        _petal(
            picture,
            centre,
            reach,
            6.2832 * number / petals + 0.2,
            _between(colour, (255, 255, 255), chance.uniform(0, 0.22)),
        )
    pen.circle(centre, reach * 0.17, fill=(240, 206, 92))
    pen.circle(centre, reach * 0.1, fill=(170, 118, 40))
    return picture


def _petal(
    picture: Image.Image, centre: tuple[float, float], reach: float, angle: float, colour: Colour
) -> None:
    outline = []
    for step in range(41):
        turn = step / 40 * 2 * math.pi
        along, across = reach * (0.56 + 0.46 * math.cos(turn)), reach * 0.24 * math.sin(turn)
        outline.append(
            (
                centre[0] + along * math.cos(angle) - across * math.sin(angle),
                centre[1] + along * math.sin(angle) + across * math.cos(angle),
            )
        )
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    shadow = mask.filter(ImageFilter.GaussianBlur(reach / 18)).point(lambda level: level * 0.4)
    picture.paste(Image.new("RGB", picture.size, (16, 14, 22)), mask=shadow)
    shade = _gradient(picture.size, _between(colour, (30, 10, 50), 0.22), colour)
    picture.paste(shade, mask=mask.filter(ImageFilter.GaussianBlur(1.2)))


def _gradient(size: tuple[int, int], below: Colour, above: Colour) -> Image.Image:
    mask = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, below), Image.new("RGB", size, above), mask)


def _between(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (
        round(a + (b - a) * min(max(share, 0), 1)) for a, b in zip(one, other, strict=True)
    )
    return red, green, blue


def _grain(picture: Image.Image) -> Image.Image:
    noise = Image.effect_noise(picture.size, 14).convert("RGB")
    return Image.blend(picture, ImageChops.overlay(picture, noise), 0.5)
