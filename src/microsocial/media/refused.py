"""A file that cannot be taken, in a sentence that follows its name, as in "holiday.jpg: It is cut short"."""


class Refused(Exception):
    """This file cannot be taken."""
