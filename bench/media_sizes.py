"""Which formats are worth making: bytes and processor time of the small and the screen size?"""

import io
import sys
import time
from pathlib import Path

from PIL import Image, ImageChops

from microsocial.media.photos import SCREEN_EDGE, SMALL_EDGE

PHONE = (4000, 3000)  # 12 megapixels
# As photos.py makes them, and what a fallback would be, at about the same visible quality.
FORMATS = {
    "WebP": {"small": {"quality": 76, "method": 4}, "screen": {"quality": 80, "method": 4}},
    "JPEG": {"small": {"quality": 80, "optimize": True, "progressive": True}, "screen": {"quality": 82, "optimize": True, "progressive": True}},
    "AVIF": {"small": {"quality": 60, "speed": 6}, "screen": {"quality": 62, "speed": 6}},
}  # fmt: skip
EDGES = {"small": SMALL_EDGE, "screen": SCREEN_EDGE}


def ask(folder: Path | None = None) -> list[str]:
    """Answer for photographs in a folder, or for a landscape of noise that compresses much like one."""
    files = sorted(folder.iterdir()) if folder else []
    pictures = [Image.open(file).convert("RGB") for file in files] or [
        landscape(seed) for seed in range(3)
    ]
    lines = [f"{len(pictures)} pictures. KB and milliseconds of processor time a picture.", ""]
    lines += ["| | small | | screen | |", "|---|---|---|---|---|", "| | KB | ms | KB | ms |"]
    for name, options in FORMATS.items():
        figures = [measured(pictures, name, role, options[role]) for role in EDGES]
        cells = " | ".join(f"{size / 1000:.0f} | {seconds * 1000:.0f}" for size, seconds in figures)
        lines.append(f"| {name} | {cells} |")
    return lines


def measured(
    pictures: list[Image.Image], name: str, role: str, options: dict
) -> tuple[float, float]:
    size = seconds = 0.0
    for picture in pictures:
        sized = picture.copy()
        sized.thumbnail((EDGES[role], EDGES[role]), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        began = time.process_time()
        sized.save(out, name, **options)
        seconds += time.process_time() - began
        size += len(out.getvalue())
    return size / len(pictures), seconds / len(pictures)


def landscape(seed: int) -> Image.Image:
    """Noise at many scales, smooth ones strongest: what photographs look like to a compressor."""
    made = Image.new("RGB", PHONE, (128, 118, 108))
    for step in range(2, 10):
        tiny = (PHONE[0] >> step, PHONE[1] >> step)
        grain = Image.merge(
            "RGB", [Image.effect_noise(tiny, 4 + 5 * step + seed) for _ in range(3)]
        )
        made = ImageChops.add(
            made, grain.resize(PHONE, Image.Resampling.BICUBIC), scale=1, offset=-128
        )
    return made


if __name__ == "__main__":
    sys.stdout.write("\n".join(ask(Path(sys.argv[1]) if len(sys.argv) > 1 else None)) + "\n")
