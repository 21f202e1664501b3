"""One photo: opened with suspicion, turned upright, brought to sRGB, stripped of everything but its pixels, and sized.

Runs only in the child process (worker.py).
"""

import io
import warnings
from pathlib import Path
from typing import Any

import pillow_heif
import thumbhash
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from microsocial.media.leaks import credit_of, leaked
from microsocial.media.refused import Refused

MAX_PIXELS = (
    120_000_000  # above any phone's 108-megapixel mode; decoded it must fit the child's memory
)
MAX_FRAMES = 300  # an animated picture longer than this is a clip
SMALL_EDGE = 640  # a phone's column, at two device pixels to one
SCREEN_EDGE = 1600  # fills a laptop's window and a phone held sideways
ORIGINAL_EDGE = 4096  # "the original": enough for a poster, bounded for a Raspberry Pi
ANIMATED_EDGE = 480
QUALITY = {"small": 76, "screen": 80, "original": 88}
PLACEHOLDER_EDGE = 100  # thumbhash takes no more

_FORMATS = {
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
    "image/gif": ("GIF",),
    "image/webp": ("WEBP",),
    "image/avif": ("AVIF",),
    "image/heic": ("HEIF",),
}

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
pillow_heif.register_heif_opener()


def prepare(source: Path, folder: Path, found_type: str, *, keep_credit: bool) -> dict[str, Any]:
    """Write small, screen and original WebP files into `folder` and describe them.

    Returns `{width, height, placeholder: hex, leaked: [{what, value}], credit, sizes: [{role, file, type, width, height}]}`.
    Raises Refused with a sentence.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.simplefilter("ignore", UserWarning)
        return _prepare(source, folder, found_type, keep_credit=keep_credit)


def _prepare(source: Path, folder: Path, found_type: str, *, keep_credit: bool) -> dict[str, Any]:
    opened = _open(source, found_type)
    told = leaked(opened)
    credit = credit_of(opened) if keep_credit else None
    frames = getattr(opened, "n_frames", 1)
    if frames > 1 and found_type in {"image/gif", "image/webp"}:
        upright, sizes = _animated(opened, folder, frames)
    else:
        upright = _upright(opened)
        sizes = [_write(upright, folder, role, edge) for role, edge in _roles(upright)]
    return {
        "width": upright.width,
        "height": upright.height,
        "placeholder": placeholder(upright).hex(),
        "leaked": told,
        "credit": credit,
        "sizes": sizes,
    }


def _open(source: Path, found_type: str) -> Image.Image:
    try:
        opened = Image.open(source, formats=_FORMATS[found_type])
        if opened.width * opened.height > MAX_PIXELS:
            raise Refused("It has more pixels than any camera makes.")
        opened.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused("It has more pixels than any camera makes.") from error
    except UnidentifiedImageError as error:
        raise Refused("It looks like a photo but cannot be opened.") from error
    except (OSError, SyntaxError, ValueError, RuntimeError, EOFError) as error:
        if getattr(error, "errno", None) is not None:
            raise  # the system's word, not the decoder's: the disk is at fault and not the photo
        raise Refused("It is damaged or cut short.") from error
    return opened


def _upright(opened: Image.Image) -> Image.Image:
    """Bake in the orientation and the colour profile, then keep nothing but pixels."""
    turned = ImageOps.exif_transpose(opened)
    has_alpha = turned.mode in {"RGBA", "LA", "PA"} or "transparency" in turned.info
    pixels = _in_srgb(turned, "RGBA" if has_alpha else "RGB")
    bare = Image.new(pixels.mode, pixels.size)
    bare.paste(pixels)
    return bare


def _in_srgb(picture: Image.Image, mode: str) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in {"RGB", "RGBA", "CMYK", "L"} and mode == "RGB":
        try:
            converted = ImageCms.profileToProfile(
                picture,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None  # a broken profile costs its effect, not the photo
        if converted is not None:
            return converted
    return picture.convert(mode)


def _roles(picture: Image.Image) -> list[tuple[str, int]]:
    """The sizes worth making: none larger than the picture itself."""
    longest = max(picture.size)
    roles = [("small", SMALL_EDGE)]
    if longest > SMALL_EDGE:
        roles.append(("screen", SCREEN_EDGE))
    if longest > SCREEN_EDGE:
        roles.append(("original", ORIGINAL_EDGE))
    return roles


def _fitted(picture: Image.Image, edge: int) -> Image.Image:
    if max(picture.size) <= edge:
        return picture
    return ImageOps.contain(picture, (edge, edge), Image.Resampling.LANCZOS)


def _write(picture: Image.Image, folder: Path, role: str, edge: int) -> dict[str, Any]:
    sized = _fitted(picture, edge)
    path = folder / f"{role}.webp"
    sized.save(path, "WEBP", quality=QUALITY[role], method=4)
    return {
        "role": role,
        "file": path.name,
        "type": "image/webp",
        "width": sized.width,
        "height": sized.height,
    }


def _animated(
    opened: Image.Image, folder: Path, frames: int
) -> tuple[Image.Image, list[dict[str, Any]]]:
    if frames > MAX_FRAMES:
        raise Refused(f"It moves for more than {MAX_FRAMES} pictures. Post it as a clip.")
    pictures, durations = [], []
    for number in range(frames):
        opened.seek(number)
        durations.append(max(20, int(opened.info.get("duration", 100) or 100)))
        pictures.append(_fitted(opened.convert("RGBA"), ANIMATED_EDGE))
    path = folder / "small.webp"
    pictures[0].save(
        path,
        "WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=durations,
        loop=0,
        quality=70,
        method=2,
    )
    size = {
        "role": "small",
        "file": path.name,
        "type": "image/webp",
        "width": pictures[0].width,
        "height": pictures[0].height,
    }
    return pictures[0], [size]


def placeholder(picture: Image.Image) -> bytes:
    """The thumbhash: about 25 bytes that stand for the picture until it comes."""
    tiny = _fitted(picture.convert("RGBA"), PLACEHOLDER_EDGE)
    return bytes(thumbhash.rgba_to_thumb_hash(tiny.width, tiny.height, list(tiny.tobytes())))
