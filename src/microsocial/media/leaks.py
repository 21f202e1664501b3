"""What a file would have given away: said to its owner before posting, and to nobody else."""

from typing import Any

from PIL import ExifTags, Image

_IFD = ExifTags.IFD
_TAG = ExifTags.Base
MAX_VALUE = 120  # characters shown of one value


def leaked(picture: Image.Image) -> list[dict[str, str]]:
    """List `{what, value}` in plain words, the most private first."""
    told: list[dict[str, str]] = []
    exif = picture.getexif()
    details = exif.get_ifd(_IFD.Exif)
    place = _place(exif.get_ifd(_IFD.GPSInfo))
    _tell(told, "the place where it was taken", place)
    _tell(told, "when it was taken", details.get(_TAG.DateTimeOriginal) or exif.get(_TAG.DateTime))
    _tell(told, "the device", _joined(exif.get(_TAG.Make), exif.get(_TAG.Model)))
    _tell(told, "the device's serial number", details.get(_TAG.BodySerialNumber))
    _tell(told, "the lens", details.get(_TAG.LensModel))
    _tell(told, "the owner's name", details.get(_TAG.CameraOwnerName))
    _tell(told, "who took it", exif.get(_TAG.Artist))
    _tell(told, "a copyright note", exif.get(_TAG.Copyright))
    _tell(told, "the program that saved it", exif.get(_TAG.Software))
    _tell(told, "a description", exif.get(_TAG.ImageDescription))
    _tell(told, "a comment", picture.info.get("comment"))
    if picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp"):
        told.append({"what": "notes by an editing program (XMP)", "value": ""})
    if picture.info.get("photoshop"):
        told.append({"what": "a press agency's notes (IPTC)", "value": ""})
    if details.get(_TAG.MakerNote):
        told.append({"what": "the maker's own hidden notes", "value": ""})
    if exif.get_ifd(_IFD.IFD1):
        told.append({"what": "a second small picture inside", "value": ""})
    return told


def credit_of(picture: Image.Image) -> str | None:
    """Artist and copyright as one line, for owners who ask to keep it."""
    exif = picture.getexif()
    return _joined(exif.get(_TAG.Artist), exif.get(_TAG.Copyright)) or None


def _tell(told: list[dict[str, str]], what: str, value: Any) -> None:
    text = _text(value)
    if text:
        told.append({"what": what, "value": text[:MAX_VALUE]})


def _joined(*parts: Any) -> str:
    return " ".join(filter(None, (_text(part) for part in parts)))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return "".join(c for c in str(value) if c.isprintable()).strip()


def _place(gps: dict[int, Any]) -> str:
    try:
        latitude = _degrees(gps[2]) * (-1 if gps.get(1) == "S" else 1)
        longitude = _degrees(gps[4]) * (-1 if gps.get(3) == "W" else 1)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, IndexError):
        return "somewhere" if gps else ""
    return f"{latitude:.4f}, {longitude:.4f}"


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600
